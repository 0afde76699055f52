import { StreamableFile } from '@nestjs/common';

/** A signed certificate as a download, byte for byte as it was signed (as text it would get a charset). */
export const certificateFile = (certificate: string): StreamableFile =>
  new StreamableFile(Buffer.from(certificate), {
    type: 'application/jose',
    disposition: 'attachment; filename="certificate.jws"',
  });
