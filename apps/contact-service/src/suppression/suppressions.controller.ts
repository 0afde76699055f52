import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Answers, Caller, Refuses, Summary, TenantCaller } from '#service';
import { LiftSuppression, SuppressionLift } from './lift-suppression.js';
import { LookupSuppression, SuppressionLookup } from './lookup-suppression.js';
import { SuppressionFound, SuppressionView } from './suppression-view.js';

/** The ledger of addresses that a company may not add again, for its privacy officer. Addresses stand in bodies only. */
@Controller('v1/suppressions')
export class SuppressionsController {
  constructor(
    private readonly lookupSuppression: LookupSuppression,
    private readonly liftSuppression: LiftSuppression,
  ) {}

  @Post('lookup')
  @HttpCode(200)
  @Summary('Whether an address may not be added, why, and until when.')
  @Answers(200, SuppressionFound)
  lookup(@Caller() caller: TenantCaller, @Body() lookup: SuppressionLookup): Promise<SuppressionFound> {
    return this.lookupSuppression.execute(caller, lookup);
  }

  @Post('lift')
  @HttpCode(200)
  @Summary('Lets an address be added again.')
  @Answers(200, SuppressionView)
  @Refuses(404)
  lift(@Caller() caller: TenantCaller, @Body() lift: SuppressionLift): Promise<SuppressionView> {
    return this.liftSuppression.execute(caller, lift);
  }
}
