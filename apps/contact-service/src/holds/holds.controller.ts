import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Answers, Caller, Refuses, Summary, TenantCaller, UuidParam } from '#service';
import { HoldView } from './hold-view.js';
import { Holds, HoldsPage } from './holds-page.js';
import { HoldLift, LiftHold } from './lift-hold.js';
import { ListContactHolds } from './list-contact-holds.js';
import { ListHolds } from './list-holds.js';
import { NewHold, PlaceHold } from './place-hold.js';

/** Legal holds, for the privacy officer. */
@Controller('v1')
export class HoldsController {
  constructor(
    private readonly placeHold: PlaceHold,
    private readonly liftHold: LiftHold,
    private readonly listContactHolds: ListContactHolds,
    private readonly listHolds: ListHolds,
  ) {}

  @Post('contacts/:id/holds')
  @Summary('Forbids to remove a contact for now.')
  @Answers(201, HoldView)
  @Refuses(409, 410, 422)
  place(@Caller() caller: TenantCaller, @UuidParam('id') id: string, @Body() hold: NewHold): Promise<HoldView> {
    return this.placeHold.execute(caller, id, hold);
  }

  @Get('contacts/:id/holds')
  @Summary('All holds there ever were on a contact, oldest first.')
  @Answers(200, Holds)
  @Refuses(410)
  ofContact(@Caller() caller: TenantCaller, @UuidParam('id') id: string, @Query() page: HoldsPage): Promise<Holds> {
    return this.listContactHolds.execute(caller.tenantId, id, page);
  }

  @Post('contacts/:id/holds/:holdId/lift')
  @HttpCode(200)
  @Summary('Ends a hold; a removal that waited for it goes on by itself.')
  @Answers(200, HoldView)
  @Refuses(410)
  lift(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @UuidParam('holdId') holdId: string,
    @Body() lift: HoldLift,
  ): Promise<HoldView> {
    return this.liftHold.execute(caller, id, holdId, lift);
  }

  @Get('holds')
  @Summary('The holds in force of all contacts, oldest first.')
  @Answers(200, Holds)
  inForce(@Caller() caller: TenantCaller, @Query() page: HoldsPage): Promise<Holds> {
    return this.listHolds.execute(caller.tenantId, page);
  }
}
