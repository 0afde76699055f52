import { IsIn, IsInt, IsString } from 'class-validator';
import { Example } from './openapi/decorators.js';
import { Optional } from './validation.js';

/** What a supervisor is told. */
@Example({ status: 'not-ready', problems: ['database: does not answer'] })
export class HealthAnswer {
  @IsIn(['started', 'live', 'not-live', 'ready', 'not-ready']) status: string;
  /** Part and reason; empty when all is well. */
  @Optional() @IsString({ each: true }) problems?: string[];
  @Optional() @IsInt() eventLoopMs?: number;
}
