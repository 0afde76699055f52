import { StreamableFile } from '@nestjs/common';

const JWS = 'application/jose';

/** How the documents of the interface describe it. */
export const CERTIFICATE_FILE = { contentType: JWS, description: 'The signed certificate (JWS, compact).' };

/** A signed certificate as a download, byte for byte as it was signed (as text it would get a charset). */
export const certificateFile = (certificate: string): StreamableFile =>
  new StreamableFile(Buffer.from(certificate), {
    type: JWS,
    disposition: 'attachment; filename="certificate.jws"',
  });
