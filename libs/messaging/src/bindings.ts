import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { MESSAGING, type MessagingOptions } from './options.js';
import type { Binding } from './parse-record.js';
import { SafeMessageError } from './safe-error.js';

class DuplicateSubscription extends SafeMessageError {
  constructor(type: string) {
    super(`The message ${type} is subscribed to twice.`);
  }
}

/** The subscriptions of this service with their handler instances. A handler that is not provided stops the start. */
@Injectable()
export class Bindings implements OnModuleInit {
  readonly byType = new Map<string, Binding>();

  constructor(
    @Inject(MESSAGING) private readonly options: MessagingOptions,
    private readonly modules: ModuleRef,
  ) {}

  onModuleInit(): void {
    for (const { message, handler } of this.options.subscriptions) {
      if (this.byType.has(message.type)) throw new DuplicateSubscription(message.type);
      this.byType.set(message.type, { message, handler: this.modules.get(handler, { strict: false }) });
    }
  }

  get topics(): string[] {
    return [...new Set([...this.byType.values()].map((binding) => binding.message.topic))];
  }
}
