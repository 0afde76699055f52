import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { Bindings } from './bindings.js';
import { DeadLetters } from './dead-letters.js';
import { Housekeeping } from './housekeeping.js';
import { KafkaBatchServer } from './kafka-batch-server.js';
import { MeasureConsumer } from './measure-consumer.js';
import { MeasureDeadLetters } from './measure-dead-letters.js';
import { MeasureMessages } from './measure-messages.js';
import { MeasureOutbox } from './measure-outbox.js';
import { MESSAGING, type MessagingOptions } from './options.js';
import { Outbox } from './outbox.js';
import { Relay } from './relay.js';

const PROVIDERS = [Outbox, Relay, Bindings, KafkaBatchServer, DeadLetters, Housekeeping];
const MEASURES = [MeasureMessages, MeasureConsumer, MeasureOutbox, MeasureDeadLetters];

/**
 * Messaging of one service. Needs a TypeORM DataSource with the tables of `createMessagingTables`, and another as
 * MESSAGING_DATABASE. Whatever the service measures goes into the Registry that is exported; one for each service, so that
 * several in one process stay apart.
 */
@Global()
@Module({})
export class MessagingModule {
  static forService(options: MessagingOptions): DynamicModule {
    return {
      module: MessagingModule,
      providers: [
        { provide: MESSAGING, useValue: options },
        { provide: Registry, useValue: new Registry() },
        ...PROVIDERS,
        ...MEASURES,
      ],
      exports: [Registry, ...PROVIDERS, ...MEASURES],
    };
  }
}
