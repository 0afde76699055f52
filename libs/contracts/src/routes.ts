import type { ServiceName } from './topics.js';

export const ROLES = ['candidate', 'recruiter', 'client-admin', 'privacy-officer', 'vendor-staff'] as const;
export type Role = (typeof ROLES)[number];

/** Who may call a route: holders of one of these roles, or `public`: anybody, without a token. */
export type Access = 'public' | readonly [Role, ...Role[]];

/** Keys are `METHOD /path` with parameters as `:name`. */
export type Routes = Readonly<Record<string, Access>>;

/** Answered by every service; nothing in them is about a person or a client company. */
const EVERYWHERE = {
  'GET /health/started': 'public',
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /openapi.json': 'public',
  'GET /v1/audit-log': ['privacy-officer'],
} as const satisfies Routes;

/**
 * Every route of every service and who may call it, in one place. A route that is not listed here keeps its service from
 * starting. Whatever is listed is bound to the tenant of the caller's token;
 * vendor staff belong to none and name the tenant in the path. What is `public` is protected in another way (an
 * unguessable link, a limited rate) or holds nothing.
 */
export const ROUTES = {
  'contact-service': {
    ...EVERYWHERE,
    'POST /v1/account': ['candidate'],
    'GET /v1/account': ['candidate'],
    'DELETE /v1/account': ['candidate'],
    'POST /v1/contacts': ['recruiter'],
    'POST /v1/contacts/search': ['recruiter'],
    'GET /v1/contacts/:id': ['recruiter'],
    'PATCH /v1/contacts/:id': ['recruiter'],
    'POST /v1/contacts/:id/notes': ['recruiter'],
    'GET /v1/contacts/:id/notes': ['recruiter'],
    'POST /v1/contacts/:id/expunge': ['recruiter'],
    'GET /v1/contacts/:id/removal': ['recruiter', 'privacy-officer'],
    'GET /v1/contacts/:id/consent': ['recruiter', 'privacy-officer'],
    'GET /v1/consent-requests': ['recruiter', 'client-admin'],
    'POST /v1/consent-requests/stop': ['recruiter', 'client-admin'],
    'POST /v1/contacts/:id/holds': ['privacy-officer'],
    'GET /v1/contacts/:id/holds': ['privacy-officer'],
    'POST /v1/contacts/:id/holds/:holdId/lift': ['privacy-officer'],
    'GET /v1/holds': ['privacy-officer'],
    'POST /v1/imports': ['recruiter', 'client-admin'],
    'GET /v1/imports': ['recruiter', 'client-admin'],
    'GET /v1/imports/:id': ['recruiter', 'client-admin'],
    'GET /v1/imports/:id/events': ['recruiter', 'client-admin'],
    'GET /v1/imports/:id/report': ['recruiter', 'client-admin'],
    'POST /v1/imports/:id/cancel': ['recruiter', 'client-admin'],
    'POST /v1/imports/:id/undo': ['recruiter', 'client-admin'],
    'POST /v1/suppressions/lookup': ['privacy-officer'],
    'POST /v1/suppressions/lift': ['privacy-officer'],
    'PUT /v1/tenants/:id': ['vendor-staff'],
    'GET /v1/tenants/:id': ['vendor-staff', 'client-admin'],
    'GET /v1/tenants/:id/expunge-policy': ['vendor-staff', 'client-admin', 'privacy-officer'],
    'POST /v1/tenants/:id/expunge-policy/requests': ['vendor-staff', 'client-admin'],
    'POST /v1/tenants/:id/expunge-policy/requests/:requestId/approve': ['vendor-staff', 'client-admin'],
    'POST /v1/tenants/:id/expunge-policy/requests/:requestId/withdraw': ['vendor-staff', 'client-admin'],
    'POST /v1/tenants/:id/expunge-policy/off': ['vendor-staff', 'client-admin'],
    'GET /v1/tenants/:id/kill-switch': ['vendor-staff', 'client-admin', 'privacy-officer'],
    'PUT /v1/tenants/:id/kill-switch': ['vendor-staff', 'client-admin', 'privacy-officer'],
    'POST /v1/tenants/:id/removal-requests': 'public',
    'GET /r/:token': 'public',
    'POST /r/:token': 'public',
    'GET /o/:token': 'public',
    'POST /o/:token': 'public',
    'GET /v1/contacts/:id/consent-records': ['recruiter', 'privacy-officer'],
  },
  'workflow-service': {
    ...EVERYWHERE,
    'GET /v1/workflows': ['client-admin', 'recruiter'],
    'POST /v1/workflows': ['client-admin'],
    'GET /v1/workflows/:id': ['client-admin', 'recruiter'],
    'PUT /v1/workflows/:id': ['client-admin'],
    'GET /v1/workflows/:id/dry-run': ['client-admin'],
    'POST /v1/workflows/:id/activate': ['client-admin'],
    'POST /v1/workflows/:id/approve': ['client-admin'],
    'POST /v1/workflows/:id/archive': ['client-admin'],
    'POST /v1/workflows/:id/duplicate': ['client-admin'],
    'GET /v1/workflows/:id/enrolments': ['client-admin', 'recruiter'],
    'GET /v1/workflow-templates': ['client-admin'],
    'GET /v1/reconciliation': ['client-admin', 'privacy-officer'],
  },
  'notification-service': {
    ...EVERYWHERE,
    'GET /health/mail': 'public',
    // Signed by the mail provider; see MAIL_HOOK_SECRET_FILE.
    'POST /hooks/mail-events': 'public',
    'GET /v1/send-budget': ['client-admin', 'privacy-officer'],
    'POST /v1/send-budget/resume': ['client-admin'],
  },
  'privacy-service': {
    ...EVERYWHERE,
    'GET /v1/expunge-requests': ['privacy-officer'],
    'GET /v1/expunge-requests/:id': ['privacy-officer'],
    'GET /v1/expunge-requests/:id/certificate': ['privacy-officer'],
    'GET /status/:token': 'public',
    'GET /status/:token/certificate': 'public',
    'GET /.well-known/jwks.json': 'public',
  },
} as const satisfies Record<ServiceName, Routes>;
