import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Bindings } from './bindings.js';
import { DeadLetters } from './dead-letters.js';
import { Housekeeping } from './housekeeping.js';
import { KafkaBatchServer } from './kafka-batch-server.js';
import { MESSAGING, type MessagingOptions } from './options.js';
import { Outbox } from './outbox.js';
import { Relay } from './relay.js';

const PROVIDERS = [Outbox, Relay, Bindings, KafkaBatchServer, DeadLetters, Housekeeping];

/** Messaging of one service. Needs a TypeORM DataSource with the tables of `createMessagingTables`, and another as MESSAGING_DATABASE. */
@Global()
@Module({})
export class MessagingModule {
  static forService(options: MessagingOptions): DynamicModule {
    return {
      module: MessagingModule,
      providers: [{ provide: MESSAGING, useValue: options }, ...PROVIDERS],
      exports: PROVIDERS,
    };
  }
}
