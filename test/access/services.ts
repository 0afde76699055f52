import { type DynamicModule, Logger } from '@nestjs/common';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { ServiceName } from '#contracts';
import { documentOf as describeModule } from '#service';
import { AppModule as ContactModule } from '../../apps/contact-service/src/app.module.js';
import { ContactConfig } from '../../apps/contact-service/src/config.js';
import { AppModule as NotificationModule } from '../../apps/notification-service/src/app.module.js';
import { NotificationConfig } from '../../apps/notification-service/src/config.js';
import { AppModule as PrivacyModule } from '../../apps/privacy-service/src/app.module.js';
import { PrivacyConfig } from '../../apps/privacy-service/src/config.js';
import { AppModule as WorkflowModule } from '../../apps/workflow-service/src/app.module.js';
import { WorkflowConfig } from '../../apps/workflow-service/src/config.js';

/** What the tests read of an OpenAPI document. */
export interface OpenApiDocument {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly schemas: Record<string, { readonly examples?: unknown[] }>;
    readonly responses: Record<string, Response>;
  };
}

interface Response {
  readonly content: Record<string, { schema: object }>;
}

export interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { name: string; in: 'path' | 'query'; required: boolean; schema: object }[];
  readonly requestBody?: { readonly content: Record<string, { schema: object }> };
  readonly responses: Record<string, Response | { readonly $ref: string }>;
}

// Modules that are only described, several in one process, make Nest warn about names of data sources.
Logger.overrideLogger(false);

const MODULES: Record<ServiceName, () => DynamicModule> = {
  'contact-service': () => ContactModule.forConfig(new ContactConfig()),
  'notification-service': () => NotificationModule.forConfig(new NotificationConfig()),
  'privacy-service': () => PrivacyModule.forConfig(new PrivacyConfig()),
  'workflow-service': () => WorkflowModule.forConfig(new WorkflowConfig()),
};

export const documentOf = (service: ServiceName): OpenApiDocument =>
  JSON.parse(JSON.stringify(describeModule(service, MODULES[service]()))) as OpenApiDocument;

/** What the document says of the answers of an operation with a status, by content type. */
export function answersOf({ components }: OpenApiDocument, { responses }: Operation, status: number) {
  const response = responses[status];
  if (!response || !('$ref' in response)) return response?.content;
  return components.responses[response.$ref.split('/').at(-1)!]?.content;
}

/** Judges values by the schemas of a document; what is wrong, or undefined. */
export function checkerOf(document: OpenApiDocument): (schema: object, value: unknown) => string | undefined {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  // The library has no formats for what is international.
  ajv.addFormat('idn-email', /^[^\s@]+@[^\s@]+$/).addFormat('idn-hostname', /^[^\s/@]+$/);
  ajv.addSchema({ $id: 'document', ...document });
  const compiled = new Map<object, ReturnType<Ajv2020['compile']>>();
  return (schema, value) => {
    const inDocument = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object;
    const validate = compiled.get(schema) ?? ajv.compile(inDocument);
    compiled.set(schema, validate);
    return validate(value) ? undefined : ajv.errorsText(validate.errors);
  };
}
