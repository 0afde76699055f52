import { Controller, Get, Header } from '@nestjs/common';
import { Answers, Summary } from '#service';
import { CertificateKeys } from './certificate-keys.js';
import { PublicKeys } from './public-keys.js';

/** The public keys of all certificates, retired ones too (RFC 7517). Public facts, so caches may keep them a while. */
@Controller('.well-known/jwks.json')
export class PublishKeysController {
  constructor(private readonly keys: CertificateKeys) {}

  @Get()
  @Summary('The public keys of all certificates, retired ones too (RFC 7517).')
  @Answers(200, PublicKeys)
  @Header('Cache-Control', 'public, max-age=300')
  @Header('Access-Control-Allow-Origin', '*')
  @Header('Cross-Origin-Resource-Policy', 'cross-origin')
  async publish(): Promise<PublicKeys> {
    return { keys: await this.keys.published() };
  }
}
