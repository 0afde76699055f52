import { ParseEnumPipe, type Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { Access, Routes } from '#contracts';
import type { Handled } from '../access/route-table.js';
import { FORM_TYPES, formOf } from '../forms.js';
import { UuidPipe } from '../validation.js';
import { answersOf, fileOf, summaryOf } from './decorators.js';
import { ProblemBody } from './problem-body.js';
import { problemResponses, responsesOf } from './responses.js';
import { type Json, reference, schemasOf } from './schemas.js';

/**
 * The OpenAPI 3.1 document of a service, made from what runs: its controllers, the rules of the classes they take and give,
 * and the table of who may call what.
 */
export function openApi(service: string, routes: readonly Handled[], table: Routes): Json {
  const sorted = routes.toSorted((a, b) => (a.route < b.route ? -1 : 1));
  const types = new Set<Type>([ProblemBody]);
  const paths: Record<string, Json> = {};
  for (const described of sorted) {
    const [method, path] = described.route.split(' ') as [string, string];
    const template = path.replaceAll(/:(\w+)/g, '{$1}');
    paths[template] = {
      ...paths[template],
      [method.toLowerCase()]: operation(described, table[described.route], types),
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: service, version: '1.0.0', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: schemasOf([...types]),
      responses: problemResponses(),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT (RFC 9068)' } },
    },
  };
}

function operation({ route, controller, name }: Handled, access: Access = [] as never, types: Set<Type>): Json {
  const handler = (controller.prototype as Record<string, object>)[name]!;
  const args = argumentsOf(controller, name);
  const body = args.find((one) => one.kind === RouteParamtypes.BODY)?.type;
  const query = args.find((one) => one.kind === RouteParamtypes.QUERY)?.type;
  const form = formOf(handler);
  for (const type of [body, form, ...answersOf(handler).map((answer) => answer.type)]) if (type) types.add(type);
  const parameters = [...pathParameters(route, args), ...(query ? queryParameters(query) : [])];
  return {
    operationId: `${controller.name.replace(/Controller$/, '')}_${name}`,
    summary: summaryOf(handler),
    ...(access === 'public' ? {} : { security: [{ bearer: [] }], 'x-roles': access }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...requestBody(handler, { body, form }),
    responses: responsesOf({ route, controller, handler, access, body, query }),
  };
}

/** As JSON, as a form, or as a file. */
function requestBody(handler: object, { body, form }: { body?: Type; form?: Type }): Json {
  if (body) return bodyOf(reference(body), ['application/json']);
  if (form) return bodyOf(reference(form), FORM_TYPES);
  const file = fileOf(handler);
  return file === undefined ? {} : bodyOf({ type: 'string' }, [file]);
}

const bodyOf = (schema: Json, contentTypes: readonly string[]): Json => ({
  requestBody: {
    required: true,
    content: Object.fromEntries(contentTypes.map((contentType) => [contentType, { schema }])),
  },
});

interface Argument {
  readonly kind: RouteParamtypes;
  readonly name?: string;
  readonly pipes: readonly unknown[];
  readonly type?: Type;
}

function argumentsOf(controller: Type, name: string): Argument[] {
  const found = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
    string,
    { index: number; data?: string; pipes?: unknown[] }
  >;
  const types = (Reflect.getMetadata('design:paramtypes', controller.prototype as object, name) ?? []) as Type[];
  return Object.entries(found).map(([key, { index, data, pipes = [] }]) => {
    const kind = /^\d+:/.test(key) ? Number.parseInt(key, 10) : -1;
    return { kind, name: data, pipes, type: types[index] };
  });
}

function pathParameters(route: string, args: readonly Argument[]): Json[] {
  return [...route.matchAll(/:(\w+)/g)].map(([, name]) => {
    const pipes = args.find((one) => one.kind === RouteParamtypes.PARAM && one.name === name)?.pipes ?? [];
    return { name, in: 'path', required: true, schema: pathSchema(pipes) };
  });
}

function pathSchema(pipes: readonly unknown[]): Json {
  const choice = pipes.find((pipe) => pipe instanceof ParseEnumPipe) as { enumType: object } | undefined;
  if (choice) return { type: 'string', enum: Object.values(choice.enumType) };
  return pipes.includes(UuidPipe) ? { type: 'string', format: 'uuid' } : { type: 'string' };
}

function queryParameters(query: Type): Json[] {
  const schema = schemasOf([query])[query.name] as { properties: Record<string, Json>; required?: string[] };
  const defaults = new query() as Json;
  return Object.entries(schema.properties).map(([name, property]) => {
    const withDefault = {
      ...withoutNull(property),
      ...(defaults[name] === undefined ? {} : { default: defaults[name] }),
    };
    return { name, in: 'query', required: schema.required?.includes(name) ?? false, schema: withDefault };
  });
}

/** An address has no null. */
function withoutNull(property: Json): Json {
  const type = Array.isArray(property.type) ? property.type.find((one) => one !== 'null') : property.type;
  const choices = Array.isArray(property.enum) ? { enum: property.enum.filter((one) => one !== null) } : {};
  return { ...property, type, ...choices };
}
