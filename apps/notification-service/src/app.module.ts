import { type DynamicModule, Module } from '@nestjs/common';
import { handlersOf } from '#messaging';
import { KeyringFile, ServiceModule, type ServiceParts } from '#service';
import { NotificationConfig } from './config.js';
import { ComposeMail } from './mail/compose-mail.js';
import { DeliverMails } from './mail/deliver-mails.js';
import { DkimKeys } from './mail/dkim-keys.js';
import { ForgetOutcomes } from './mail/forget-outcomes.js';
import { MailTransport } from './mail/mail-transport.js';
import { RecordOutcomes } from './mail/record-outcomes.js';
import { SendMail } from './mail/send-mail.js';
import { ShowMailHealth } from './mail/show-mail-health.js';
import { SmtpCircuit } from './mail/smtp-circuit.js';
import { WakeSender } from './mail/wake-sender.js';
import { migrations } from './migrations/index.js';
import { subscriptions } from './subscriptions.js';

@Module({})
export class AppModule {
  static forConfig(config: NotificationConfig, logTo?: ServiceParts['logTo']): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forService({
          name: 'notification-service',
          config,
          entities: [],
          migrations,
          subscriptions,
          logTo,
        }),
      ],
      controllers: [ShowMailHealth],
      providers: [
        ...handlersOf(subscriptions),
        { provide: KeyringFile, useFactory: () => KeyringFile.open(config.SEAL_KEYRING_FILE) },
        { provide: DkimKeys, useFactory: () => DkimKeys.open(config.DKIM_KEYS_FILE, config.MAIL_DOMAIN) },
        ComposeMail,
        MailTransport,
        SmtpCircuit,
        DeliverMails,
        SendMail,
        RecordOutcomes,
        WakeSender,
        ForgetOutcomes,
      ],
    };
  }
}
