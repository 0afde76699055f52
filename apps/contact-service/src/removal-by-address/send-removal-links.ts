import { randomBytes } from 'node:crypto';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { type Data, message, SendEmail } from '#contracts';
import { inEveryTenant, Outbox } from '#messaging';
import { commit, KeyringFile, type PumpResult, Pumps, seal } from '#service';
import { ContactConfig } from '../config.js';
import { type Recipient, recipientsOf, takeRequests } from './removal-requests.js';
import { hashOf, type NewLink, storeLinks } from './removal-link.js';

const CHUNK = 100;
const LOOK_EVERY_MS = 1_000;
const PURPOSE = 'removal-link';

/**
 * Sends a link to the address each waiting request names, if the client company has contacts with it: one mail for each
 * contact, each link for that contact only. It goes to the address as it is stored, never to what was typed.
 */
@Injectable()
export class SendRemovalLinks implements OnModuleInit {
  private readonly logger = new Logger(SendRemovalLinks.name);

  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly pumps: Pumps,
    private readonly keyring: KeyringFile,
    private readonly config: ContactConfig,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'send-removal-links', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** Handles one chunk of requests; 'more' when there may be others. Processes may run it at the same time. */
  async execute(): Promise<PumpResult> {
    return inEveryTenant(this.db, async (tx) => {
      const requests = await takeRequests(tx, CHUNK);
      if (requests.length === 0) return 'idle';
      const recipients = await recipientsOf(tx, requests);
      const mails = await Promise.all(recipients.map((recipient) => this.compose(recipient)));
      await storeLinks(
        tx,
        mails.map(({ link }) => link),
      );
      await this.outbox.add(
        tx,
        mails.map(({ mail }) => message(SendEmail, mail)),
      );
      this.logger.log({ msg: 'removal by address', requests: requests.length, links: mails.length });
      return requests.length === CHUNK ? 'more' : 'idle';
    });
  }

  /** Only the mail, sealed, has the token. */
  private async compose(recipient: Recipient): Promise<{ link: NewLink; mail: Data<SendEmail> }> {
    const { requestId, tenantId, contactId, address, language } = recipient;
    const token = randomBytes(32).toString('base64url');
    const emailId = uuidv5(`${PURPOSE} ${contactId}`, requestId);
    const about = { tenantId, contactId, purpose: PURPOSE, emailId } as const;
    const linkUrl = `${this.config.REMOVAL_LINK_URL}${token}`;
    const name = recipient.name ?? undefined;
    const sealed = await seal(this.keyring, { ...about, address, name, language, linkUrl });
    return {
      link: { tokenHash: hashOf(token), tenantId, contactId, requestId, addressHash: commit(token, address) },
      mail: { ...about, sealed, attachments: [] },
    };
  }
}
