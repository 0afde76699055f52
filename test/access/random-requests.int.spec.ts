import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc, { type Arbitrary } from 'fast-check';
import { type Role, ROUTES, type ServiceName, SERVICES } from '#contracts';
import { aClient } from '../../apps/contact-service/test/removal-link.js';
import { anything, nearly, type Schemas } from '../support/json-arbitraries.js';
import { type Answered, ask, type FourServices, startFourServices, tokensOf } from './four-services.js';
import { KnownIds } from './known-ids.js';
import { answersOf, checkerOf, documentOf, type OpenApiDocument, type Operation } from './services.js';
import type { Workflow } from './workflows.js';
import { aWorld, type World } from './world.js';

/** Always the same requests, so that a failure can be looked at; another seed: RANDOM_REQUESTS_SEED=7. */
const SEED = Number(process.env.RANDOM_REQUESTS_SEED ?? 20_261_123);
const REQUESTS = 10_000;
const AT_ONCE = 12;
const ROUTE_COUNT = SERVICES.flatMap((service) => Object.keys(ROUTES[service])).length;

let services: FourServices;
let world: World;
let known: KnownIds;
let token: ReturnType<typeof tokensOf>;

beforeAll(async () => {
  services = await startFourServices();
  token = tokensOf(services);
  world = await aWorld(services, token);
  known = await KnownIds.of(services, world);
}, 60_000);
afterAll(() => services.stop());

interface Request {
  readonly path: string;
  readonly query: string;
  readonly body: unknown;
  readonly file?: string;
  /** Chooses the role and the person. */
  readonly caller: number;
}

/** Whatever is put into an address: ids that exist at this place, ids that do not, and what is no id at all. */
const inAddress = (place: string): Arbitrary<string> => {
  const nowhere = fc.oneof(
    { weight: 2, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map(encoded) },
    { weight: 1, arbitrary: fc.constantFrom('%00', '%', '%E0%A4%A', '..%2f..%2fetc', 'x'.repeat(3_000)) },
  );
  const there = known.at(place);
  return there.length === 0 ? nowhere : fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...there) }, nowhere);
};

const CELL = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.emailAddress(),
  fc.constantFrom('', '"', ',', '\0'),
);
const files = fc
  .tuple(fc.constantFrom('email', 'email,name', 'E-Mail;Phone', 'name'), fc.array(fc.array(CELL, { maxLength: 3 })))
  .map(([head, lines]) => [head, ...lines.map((cells) => cells.join(head.includes(';') ? ';' : ','))].join('\n'));

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

function requests(path: string, operation: Operation, schemas: Schemas): Arbitrary<Request> {
  const places = [...path.matchAll(/\{\w+\}/g)].map(({ index }) => path.slice(0, index));
  const query = (operation.parameters ?? []).filter((one) => one.in === 'query');
  const body = operation.requestBody?.content['application/json']?.schema ?? formOf(operation);
  return fc.record({
    path: fc
      .tuple(...places.map(inAddress))
      .map((values) => values.reduce((filled, value) => filled.replace(/\{\w+\}/, () => value), path)),
    query: fc
      .record(Object.fromEntries(query.map(({ name, schema }) => [name, nearly(schema, schemas)])), {
        requiredKeys: [],
      })
      .map(inQuery),
    body: body
      ? nearly(body, schemas)
      : fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: anything }),
    file: operation.requestBody?.content['text/csv'] ? files : fc.constant(undefined),
    caller: fc.nat(1_000),
  });
}

const formOf = (operation: Operation): object | undefined =>
  operation.requestBody?.content['application/x-www-form-urlencoded']?.schema;

/** The fields of a form; everything in it is text. */
function fieldsOf(body: unknown): [string, string][] {
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).map(([name, value]) => [name.toWellFormed(), String(value).toWellFormed()]);
}

/** Not longer than the server reads: what it refuses unread (431) is not about a route. */
const inQuery = (values: Record<string, unknown>): string =>
  new URLSearchParams(
    Object.entries(values).map(
      ([name, value]) => [name, String(value).slice(0, 2_000).toWellFormed()] as [string, string],
    ),
  ).toString();

/** What a service makes of text before it looks at it. */
function tidy(value: unknown): unknown {
  if (typeof value === 'string') return value.trim().normalize('NFC');
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, tidy(one)]));
}

const succeeded = ({ status }: Answered): boolean => status < 300;

/** A workflow that nothing else has been done to, for what can be done only once; it is all that is known at its place. */
async function aWorkflow(route: string): Promise<Workflow> {
  const workflow = await world.workflows[route.endsWith('/approve') ? 'pending' : 'draft']();
  known.only('/v1/workflows/', workflow.id);
  return workflow;
}

/** Half of those who lift an entry of the ledger know an address that is in it: nobody would guess one. */
function informed(path: string, request: Request, workflow: Workflow | undefined): unknown {
  const { body, caller } = request;
  const guessed = path.endsWith('/lift') && typeof body === 'object' && body !== null && 'email' in body;
  return guessed && caller % 2 === 0 ? { ...body, email: world.suppressed } : timely(request, workflow);
}

/** Half of those who change a workflow have seen how it is now: nobody would guess its revision. */
function timely({ body, caller }: Request, workflow: Workflow | undefined): unknown {
  const guessed = typeof body === 'object' && body !== null && 'revision' in body && Number.isInteger(body.revision);
  return workflow && guessed && caller % 2 === 0 ? { ...body, revision: workflow.revision } : body;
}

/** Checks answers against the document: the status must be in it, the body fit, and what was accepted be allowed. */
function judge(document: OpenApiDocument) {
  const check = checkerOf(document);
  const forbidden = (operation: Operation, sent: unknown): string | undefined => {
    const schema = operation.requestBody?.content['application/json']?.schema;
    const problem = schema && sent !== undefined ? check(schema, tidy(sent)) : undefined;
    return problem && `accepted, although the document forbids it: ${problem}`;
  };
  const unfit = (operation: Operation, { status, type, text }: Answered): string | undefined => {
    const schema = answersOf(document, operation, status)?.[type]?.schema;
    if (!schema) return `${status} as ${type || 'nothing'} is not in the document`;
    return type.endsWith('json') ? check(schema, JSON.parse(text)) : undefined;
  };
  return (operation: Operation, sent: unknown, answer: Answered): string | undefined => {
    // Only health answers a 5xx that is no failure, and not as a problem.
    if (answer.status >= 500 && answer.type !== 'application/json') return 'failed';
    return (succeeded(answer) ? forbidden(operation, sent) : undefined) ?? unfit(operation, answer);
  };
}

const ORDER = ['POST', 'GET', 'PATCH', 'POST {}', 'PUT', 'DELETE'];

/** What makes something comes first, what changes a whole company or removes an account last. */
function order(route: string, path: string): number {
  const method = route.split(' ')[0]!;
  return ORDER.indexOf(method === 'POST' && path.includes('}/') ? 'POST {}' : method);
}

describe.each(SERVICES)('%s', (service: ServiceName) => {
  const document = documentOf(service);
  const check = judge(document);
  const schemas = document.components.schemas as Schemas;
  const operations = Object.entries(document.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        const route = `${method.toUpperCase()} ${path}`;
        return [route, path, operation] as const;
      }),
    )
    .toSorted(([a, aPath], [b, bPath]) => order(a, aPath) - order(b, bPath));

  const callerOf = async (route: string, n: number): Promise<string | undefined> => {
    const access = ROUTES[service][route.replaceAll(/\{(\w+)\}/g, ':$1') as never] as 'public' | readonly Role[];
    if (access === 'public') return undefined;
    const role = access[n % access.length]!;
    const subject = role !== 'candidate' ? undefined : n % 2 === 0 ? world.candidate : `candidate-${n % 20}`;
    return token(service, role, world.tenantId, subject);
  };

  test.each(operations)(
    'When %s is asked at random, then it never fails, and answers as its document says',
    async (route, path, operation) => {
      if (path.includes('{requestId}')) known.learn(path.split('/{requestId}')[0]!, await world.requestOf.vendor());
      const workflow = path.startsWith('/v1/workflows/{id}') ? await aWorkflow(route) : undefined;
      const method = route.split(' ')[0]!;
      const options = { numRuns: Math.ceil(REQUESTS / ROUTE_COUNT), seed: SEED };
      const pending = fc.sample(requests(path, operation, schemas), options);
      const wrong: object[] = [];
      let successes = 0;
      const worker = async (): Promise<void> => {
        for (let request = pending.pop(); request; request = pending.pop()) {
          const address = request.query === '' ? request.path : `${request.path}?${request.query}`;
          const { file } = request;
          const body = method === 'GET' || file !== undefined ? undefined : informed(path, request, workflow);
          const form = formOf(operation) && new URLSearchParams(fieldsOf(body));
          const caller = { token: await callerOf(route, request.caller), from: aClient() };
          const accept = request.caller % 2 === 0 ? '*/*' : 'application/json';
          const asked = { ...caller, method, path: address, body, form, file, accept };
          const answer = await ask(services.all[service], asked);
          const problem = check(operation, body, answer);
          if (problem !== undefined) wrong.push({ problem, address, body, answer: answer.text.slice(0, 300) });
          if (!succeeded(answer)) continue;
          successes += 1;
          if (answer.status === 201) known.learn(path, String((JSON.parse(answer.text) as { id: string }).id));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      expect(wrong.slice(0, 3)).toEqual([]);
      // Without a broker no service is ready; everything else must also have been seen to succeed.
      expect(successes > 0 || route === 'GET /health/ready').toBe(true);
    },
    60_000,
  );
});
