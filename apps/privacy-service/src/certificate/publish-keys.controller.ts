import { Controller, Get, Header } from '@nestjs/common';
import { Public } from '#service';
import { CertificateKeys, type PublicKey } from './certificate-keys.js';

/** The public keys of all certificates, retired ones too (RFC 7517). Public facts, so caches may keep them a while. */
@Public()
@Controller('.well-known/jwks.json')
export class PublishKeysController {
  constructor(private readonly keys: CertificateKeys) {}

  @Get()
  @Header('Cache-Control', 'public, max-age=300')
  @Header('Access-Control-Allow-Origin', '*')
  @Header('Cross-Origin-Resource-Policy', 'cross-origin')
  async publish(): Promise<{ keys: readonly PublicKey[] }> {
    return { keys: await this.keys.published() };
  }
}
