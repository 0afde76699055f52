import { Equals, IsIn, IsOptional, IsString } from 'class-validator';
import { Example } from '#service';

/** What the page sends, and what a mail program does: one of `decision` and `List-Unsubscribe`. Other fields do not count. */
@Example({ decision: 'opt-in', agree: 'yes', text: 'hUPFoTFhvXsCoJvbBHO6TJTqdmbhXJXx5Gfhd2kqiSM' })
export class OptInFormFields {
  @IsOptional() @IsIn(['opt-in', 'decline', 'remove']) decision?: 'opt-in' | 'decline' | 'remove';
  /** The ticked box; without it nobody opts in. */
  @IsOptional() @Equals('yes') agree?: 'yes';
  /** The ticked box; without it nobody is removed. */
  @IsOptional() @Equals('yes') confirm?: 'yes';
  /** Which words were shown. */
  @IsOptional() @IsString() text?: string;
  @IsOptional() @Equals('One-Click') 'List-Unsubscribe'?: 'One-Click';
}
