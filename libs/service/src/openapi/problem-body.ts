import { Type } from 'class-transformer';
import { IsInt, IsString, Max, Min, ValidateNested } from 'class-validator';
import { Optional } from '../validation.js';
import { Example } from './decorators.js';

class FieldProblem {
  @IsString() field: string;
  @IsString() message: string;
}

/** The body of every refusal, application/problem+json (RFC 9457). */
@Example({
  type: 'urn:contact-expunge:problem:contact-disabled',
  title: 'This contact has deleted its account and is not used any more.',
  status: 409,
  code: 'contact-disabled',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
})
export class ProblemBody {
  @IsString() type: string;
  @IsString() title: string;
  @IsInt() @Min(400) @Max(599) status: number;
  @Optional() @IsString() detail?: string;
  /** For machines; never changes. */
  @IsString() code: string;
  @Optional() @ValidateNested({ each: true }) @Type(() => FieldProblem) errors?: FieldProblem[];
  @Optional() @IsString() traceId?: string;
}
