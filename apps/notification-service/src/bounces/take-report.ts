import { Injectable, Logger } from '@nestjs/common';
import { failPoint } from '#messaging';
import { DkimKeys } from '../mail/dkim-keys.js';
import { parseBounceAddress } from './bounce-address.js';
import { SmtpRefusal } from './bounce-server.js';
import { judgeReport } from './judge-report.decision.js';
import { readReport } from './read-report.js';
import { RecordBounces } from './record-bounces.js';

/**
 * What came to the return path of a mail. Which mail it is about is said by the address alone: what stands in the report is
 * somebody's text, and only understood as far as it tells a failure for good from one for now, or a complaint.
 */
@Injectable()
export class TakeReport {
  private readonly logger = new Logger('bounces');

  constructor(
    private readonly keys: DkimKeys,
    private readonly record: RecordBounces,
  ) {}

  /**
   * Refuses whatever is no return path in one of the domains mails leave from. From another one a mail may have left while
   * there was a key for it: a report about a mail that is known is taken, since it would not come a second time.
   */
  async mailOf(address: string, stopping: boolean): Promise<string> {
    if (stopping) throw new SmtpRefusal(421, 'Going away, try again later.');
    const known = parseBounceAddress(address);
    const ours = known && ((await this.keys.has(known.domain)) || (await this.record.knows(known.emailId)));
    if (!ours) throw new SmtpRefusal(550, 'No such address here.');
    return known.emailId;
  }

  /** A mail that is not known (any more) is no error: whoever brings the report could do nothing about it. */
  async execute(emailId: string, raw: Buffer): Promise<void> {
    const judged = judgeReport(await readReport(raw));
    if ('ignored' in judged) {
      this.logger.log({ msg: 'report', outcome: 'ignored', reason: judged.ignored });
      return;
    }
    const { known, added } = await this.record.execute([{ emailId, ...judged }]);
    failPoint('bounce.recorded');
    const outcome = known === 0 ? 'unknown' : added === 0 ? 'repeated' : 'recorded';
    this.logger.log({ msg: 'report', outcome, kind: judged.kind, code: judged.code });
  }
}
