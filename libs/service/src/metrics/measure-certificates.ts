import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { ServiceConfig } from '../config.js';

const CERTIFICATE = /_TLS_(CA|CERT)_FILE$/;

/** When the certificates end that the configuration names, by the name of their variable: ours, and who vouches for others. */
@Injectable()
export class MeasureCertificates {
  constructor(registry: Registry, config: ServiceConfig) {
    const files = Object.entries(config).filter(([name, file]) => CERTIFICATE.test(name) && typeof file === 'string');
    new Gauge({
      name: 'key_expires_timestamp_seconds',
      help: 'When a certificate ends; left out when its file cannot be read',
      labelNames: ['key'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [key, file] of files) {
          const end = endOf(file as string);
          if (end !== undefined) this.set({ key }, end);
        }
      },
    });
  }
}

/** Of the first certificate in the file, in seconds since 1970. Read each time: files are replaced while services run. */
function endOf(file: string): number | undefined {
  try {
    return new X509Certificate(readFileSync(file)).validToDate.getTime() / 1_000;
  } catch {
    return undefined;
  }
}
