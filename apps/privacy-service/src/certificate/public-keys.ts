import { Type } from 'class-transformer';
import { Equals, IsString, ValidateNested } from 'class-validator';
import { CERTIFICATE_ALG } from '#contracts';
import { Example } from '#service';

/** The public half of a certificate key, as it is published (RFC 8037). */
@Example({
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  kid: '2026-11',
  use: 'sig',
  alg: CERTIFICATE_ALG,
})
export class PublicKey {
  @Equals('OKP') kty: 'OKP';
  @Equals('Ed25519') crv: 'Ed25519';
  @IsString() x: string;
  @IsString() kid: string;
  @Equals('sig') use: 'sig';
  @Equals(CERTIFICATE_ALG) alg: typeof CERTIFICATE_ALG;
}

export class PublicKeys {
  @ValidateNested({ each: true }) @Type(() => PublicKey) keys: readonly PublicKey[];
}
