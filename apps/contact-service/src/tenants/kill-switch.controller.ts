import { Body, Controller, Get, Put, Query } from '@nestjs/common';
import { Answers, StaffCaller, Summary, UuidParam, VerifiedCaller } from '#service';
import { HistoryPage } from './history-page.js';
import { KillSwitchState, KillSwitchWithHistory } from './kill-switch-view.js';
import { ReadKillSwitch } from './read-kill-switch.js';
import { KillSwitch, SetKillSwitch } from './set-kill-switch.js';

/** The emergency brake of a client company. */
@Controller('v1/tenants/:id/kill-switch')
export class KillSwitchController {
  constructor(
    private readonly setKillSwitch: SetKillSwitch,
    private readonly readKillSwitch: ReadKillSwitch,
  ) {}

  @Put()
  @Summary('Stops every expunge that has not begun, or lets them go on.')
  @Answers(200, KillSwitchState)
  set(
    @StaffCaller() caller: VerifiedCaller,
    @UuidParam('id') id: string,
    @Body() wanted: KillSwitch,
  ): Promise<KillSwitchState> {
    return this.setKillSwitch.execute(caller, id, wanted);
  }

  @Get()
  @Summary('Whether expunges wait, and who has stopped and released them.')
  @Answers(200, KillSwitchWithHistory)
  read(
    @StaffCaller() caller: VerifiedCaller,
    @UuidParam('id') id: string,
    @Query() page: HistoryPage,
  ): Promise<KillSwitchWithHistory> {
    return this.readKillSwitch.execute(caller, id, page);
  }
}
