import { randomUUID } from 'node:crypto';
import type { ROUTES, ServiceName } from '#contracts';
import { aPerson, anEnabling, tenantFacts } from '../../apps/contact-service/test/start.js';
import type { Asking } from './world.js';

const at =
  (path: string, body?: unknown): Asking =>
  () => ({ path, body });
const contact =
  (rest: string, body?: unknown): Asking =>
  ({ contactId }) => ({ path: `/v1/contacts/${contactId}${rest}`, body });
const tenant =
  (rest: string, body?: unknown): Asking =>
  ({ tenantId }) => ({ path: `/v1/tenants/${tenantId}${rest}`, body });
const imported =
  (rest: string): Asking =>
  ({ importId }) => ({ path: `/v1/imports/${importId}${rest}` });
const request =
  (rest: string): Asking =>
  ({ expungeId }) => ({ path: `/v1/expunge-requests/${expungeId}${rest}` });

const workflow =
  (rest: string, body?: unknown): Asking =>
  ({ workflowId }) => ({ path: `/v1/workflows/${workflowId}${rest}`, body });
const changed =
  (kind: 'draft' | 'pending', verb: string): Asking =>
  async ({ workflows }) => {
    const { id, revision } = await workflows[kind]();
    return { path: `/v1/workflows/${id}/${verb}`, body: { revision } };
  };

/** The answer to a request to enable expunge comes from the other side than the request. */
const answered =
  (verb: string, mayBeOwn = false): Asking =>
  async ({ tenantId, requestOf }, role) => {
    const bySide = role === 'vendor-staff' ? 'client' : 'vendor';
    const id = await requestOf[mayBeOwn ? 'vendor' : bySide]();
    return { path: `/v1/tenants/${tenantId}/expunge-policy/requests/${id}/${verb}` };
  };

const unknownToken = `${randomUUID()}${randomUUID()}`;
const reason = 'Agreed on the telephone.';

const EVERYWHERE = {
  'GET /health/started': at('/health/started'),
  'GET /health/live': at('/health/live'),
  'GET /health/ready': at('/health/ready'),
  'GET /openapi.json': at('/openapi.json'),
  'GET /v1/audit-log': at('/v1/audit-log'),
};

/** How each route is asked so that it does what it is for. A route of the table without a line here does not compile. */
export const ASKING: { [S in ServiceName]: Record<keyof (typeof ROUTES)[S], Asking> } = {
  'contact-service': {
    ...EVERYWHERE,
    'POST /v1/account': () => ({ path: '/v1/account', body: aPerson() }),
    'GET /v1/account': at('/v1/account'),
    'DELETE /v1/account': at('/v1/account'),
    'POST /v1/contacts': () => ({ path: '/v1/contacts', body: aPerson() }),
    'POST /v1/contacts/search': at('/v1/contacts/search', {}),
    'GET /v1/contacts/:id': contact(''),
    'PATCH /v1/contacts/:id': contact('', { givenName: 'Changed' }),
    'POST /v1/contacts/:id/notes': contact('/notes', { body: 'Seen at the fair.' }),
    'GET /v1/contacts/:id/notes': contact('/notes'),
    'POST /v1/contacts/:id/expunge': contact('/expunge'),
    'GET /v1/contacts/:id/removal': contact('/removal'),
    'GET /v1/contacts/:id/consent': contact('/consent'),
    'GET /v1/consent-requests': ({ askedBy }) => ({ path: `/v1/consent-requests?workflowId=${askedBy}` }),
    'POST /v1/consent-requests/stop': ({ contactId }) => ({
      path: '/v1/consent-requests/stop',
      body: { contactIds: [contactId] },
    }),
    'POST /v1/contacts/:id/holds': contact('/holds', { caseReference: 'C 2', reason: 'investigation' }),
    'GET /v1/contacts/:id/holds': contact('/holds'),
    'POST /v1/contacts/:id/holds/:holdId/lift': ({ held, holdId }) => ({
      path: `/v1/contacts/${held}/holds/${holdId}/lift`,
      body: { reason },
    }),
    'GET /v1/holds': at('/v1/holds'),
    'POST /v1/suppressions/lookup': at('/v1/suppressions/lookup', { email: 'nobody@example.org' }),
    'POST /v1/suppressions/lift': ({ suppressed }) => ({
      path: '/v1/suppressions/lift',
      body: { email: suppressed, reason },
    }),
    'POST /v1/imports': () => ({
      path: '/v1/imports?source=Fair&lawfulBasis=consent',
      file: `email\n${aPerson().email}\n`,
    }),
    'GET /v1/imports': at('/v1/imports'),
    'GET /v1/imports/:id': imported(''),
    'GET /v1/imports/:id/events': imported('/events'),
    'GET /v1/imports/:id/report': imported('/report'),
    'POST /v1/imports/:id/cancel': ({ uploading }) => ({ path: `/v1/imports/${uploading}/cancel` }),
    'POST /v1/imports/:id/undo': imported('/undo'),
    'PUT /v1/tenants/:id': tenant('', { ...tenantFacts, name: 'Acme Holding' }),
    'GET /v1/tenants/:id': tenant(''),
    'GET /v1/tenants/:id/expunge-policy': tenant('/expunge-policy'),
    'POST /v1/tenants/:id/expunge-policy/requests': async ({ tenantId, switchOff }) => {
      await switchOff();
      return { path: `/v1/tenants/${tenantId}/expunge-policy/requests`, body: anEnabling() };
    },
    'POST /v1/tenants/:id/expunge-policy/requests/:requestId/approve': answered('approve'),
    'POST /v1/tenants/:id/expunge-policy/requests/:requestId/withdraw': answered('withdraw', true),
    'POST /v1/tenants/:id/expunge-policy/off': tenant('/expunge-policy/off', { reason }),
    'GET /v1/tenants/:id/kill-switch': tenant('/kill-switch'),
    'PUT /v1/tenants/:id/kill-switch': tenant('/kill-switch', { on: true, reason }),
    'POST /v1/tenants/:id/removal-requests': tenant('/removal-requests', { email: 'nobody@example.org' }),
    'GET /r/:token': at(`/r/${unknownToken}`),
    'POST /r/:token': at(`/r/${unknownToken}`),
    'GET /o/:token': at(`/o/${unknownToken}`),
    'POST /o/:token': at(`/o/${unknownToken}`),
    'GET /v1/contacts/:id/consent-records': contact('/consent-records'),
  },
  'workflow-service': {
    ...EVERYWHERE,
    'GET /v1/workflows': at('/v1/workflows'),
    'POST /v1/workflows': at('/v1/workflows', { template: 'imported-opt-in-30-days' }),
    'GET /v1/workflows/:id': workflow(''),
    'PUT /v1/workflows/:id': async ({ workflows }) => {
      const { id, revision } = await workflows.draft();
      return { path: `/v1/workflows/${id}`, body: { revision, name: 'Ask them', steps: [{ action: 'send-opt-in' }] } };
    },
    'GET /v1/workflows/:id/dry-run': workflow('/dry-run'),
    'POST /v1/workflows/:id/activate': changed('draft', 'activate'),
    'POST /v1/workflows/:id/approve': changed('pending', 'approve'),
    'POST /v1/workflows/:id/archive': changed('draft', 'archive'),
    'POST /v1/workflows/:id/duplicate': workflow('/duplicate', { name: 'Once more' }),
    'GET /v1/workflows/:id/enrolments': workflow('/enrolments'),
    'GET /v1/workflow-templates': at('/v1/workflow-templates'),
    'GET /v1/reconciliation': at('/v1/reconciliation'),
  },
  'notification-service': {
    ...EVERYWHERE,
    'GET /health/mail': at('/health/mail'),
    'POST /hooks/mail-events': at('/hooks/mail-events', { events: [{ emailId: randomUUID(), type: 'complained' }] }),
    'GET /v1/send-budget': at('/v1/send-budget'),
    'POST /v1/send-budget/resume': at('/v1/send-budget/resume'),
  },
  'privacy-service': {
    ...EVERYWHERE,
    'GET /v1/expunge-requests': at('/v1/expunge-requests'),
    'GET /v1/expunge-requests/:id': request(''),
    'GET /v1/expunge-requests/:id/certificate': request('/certificate'),
    'GET /status/:token': at(`/status/${unknownToken}`),
    'GET /status/:token/certificate': at(`/status/${unknownToken}/certificate`),
    'GET /.well-known/jwks.json': at('/.well-known/jwks.json'),
  },
};
