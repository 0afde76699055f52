import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Express } from 'express';
import { ContactConfig } from '../config.js';

/** Takes the caller's address from what our own proxies have added, and from nothing a caller can add. */
@Injectable()
export class TrustProxy implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: ContactConfig,
  ) {}

  onModuleInit(): void {
    // Commands of the service (dead letters) run it without HTTP.
    const { httpAdapter } = this.host as { httpAdapter?: HttpAdapterHost['httpAdapter'] | null };
    httpAdapter?.getInstance<Express>().set('trust proxy', this.config.TRUST_PROXY_HOPS);
  }
}
