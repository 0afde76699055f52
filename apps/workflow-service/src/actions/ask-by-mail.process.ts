import { message, type OptInMail, RequestOptIn } from '#contracts';
import {
  type Begun,
  type Fault,
  type PlacedStep,
  promisedSeconds,
  secondsAfter,
  type StepStart,
} from './action.process.js';

/** How much longer than the waits a link can be used, unless the client says otherwise: what is late stays usable. */
const SPARE_LINK_SECONDS = 7 * 24 * 60 * 60;
/** Of a workflow that only asks. */
const SHORTEST_DEFAULT_LINK_SECONDS = 30 * 24 * 60 * 60;
const LONGEST_LINK_SECONDS = 10 * 366 * 24 * 60 * 60;

/** Asks contact-service for the mail; it knows the address. */
export function askByMail(template: OptInMail, { state, steps, index, emailId }: StepStart): Begun & { kind: 'asked' } {
  const { tenantId, contactId, enrolmentId, workflowId } = state;
  const request = message(RequestOptIn, {
    tenantId,
    contactId,
    enrolmentId,
    workflowId,
    emailId: emailId(),
    template,
    graceSeconds: promisedSeconds(steps, index),
    linkValidSeconds: steps[index]?.linkValidSeconds ?? defaultLinkSeconds(secondsAfter(steps, index)),
  });
  return { kind: 'asked', messages: [request], change: {} };
}

const defaultLinkSeconds = (waits: number): number =>
  Math.min(LONGEST_LINK_SECONDS, Math.max(SHORTEST_DEFAULT_LINK_SECONDS, waits + SPARE_LINK_SECONDS));

/** What is wrong with what a mail at this place would promise. */
export function promiseFaults({ steps, index, limits }: PlacedStep): Fault[] {
  const waits = secondsAfter(steps, index);
  const linkValid = steps[index]?.linkValidSeconds ?? Number.POSITIVE_INFINITY;
  return [...(linkValid < waits ? [LINK_TOO_SHORT] : []), ...graceFaults(steps, index, limits)];
}

function graceFaults(steps: PlacedStep['steps'], index: number, limits: PlacedStep['limits']): Fault[] {
  const { shortestGraceSeconds: shortest, longestGraceSeconds: longest } = limits;
  if (!steps.slice(index + 1).some(({ action }) => action === 'expunge')) return [];
  const grace = promisedSeconds(steps, index);
  const tooShort = `Whoever gets this mail would be removed after ${grace} seconds; at least ${shortest} are allowed.`;
  const tooLong = `Whoever gets this mail would be removed after ${grace} seconds; at most ${longest} are allowed.`;
  if (grace < shortest) return [{ code: 'grace-too-short', message: tooShort }];
  return grace > longest ? [{ code: 'grace-too-long', message: tooLong }] : [];
}

const LINK_TOO_SHORT: Fault = {
  code: 'link-too-short',
  message: 'The link of this mail would end before the waits after it do.',
};
