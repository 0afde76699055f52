import { type DynamicModule, Module } from '@nestjs/common';
import { handlersOf } from '#messaging';
import { KeyringFile, ServiceModule, type ServiceParts } from '#service';
import { NotificationConfig } from './config.js';
import { ListenForBounces } from './bounces/listen-for-bounces.js';
import { ReceiveMailEvents } from './bounces/receive-mail-events.js';
import { RecordBounces } from './bounces/record-bounces.js';
import { TakeReport } from './bounces/take-report.js';
import { ClaimOptIns } from './mail/claim-opt-ins.js';
import { ComposeMail } from './mail/compose-mail.js';
import { DeliverMails } from './mail/deliver-mails.js';
import { DkimKeys } from './mail/dkim-keys.js';
import { ForgetOutcomes } from './mail/forget-outcomes.js';
import { MeasureMails } from './mail/measure-mails.js';
import { MailTransport } from './mail/mail-transport.js';
import { RecordOutcomes } from './mail/record-outcomes.js';
import { SendMail } from './mail/send-mail.js';
import { ShowMailHealth } from './mail/show-mail-health.js';
import { SmtpCircuit } from './mail/smtp-circuit.js';
import { WakeSender } from './mail/wake-sender.js';
import { migrations } from './migrations/index.js';
import { ResumeSending } from './send-budget/resume-sending.js';
import { SendBudgetController } from './send-budget/send-budget.controller.js';
import { SendBudget } from './send-budget/send-budget.js';
import { SendingDomains } from './send-budget/sending-domains.js';
import { ShowSendBudget } from './send-budget/show-send-budget.js';
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
      controllers: [ShowMailHealth, ReceiveMailEvents, SendBudgetController],
      providers: [
        ...handlersOf(subscriptions),
        { provide: KeyringFile, useFactory: () => KeyringFile.open(config.SEAL_KEYRING_FILE) },
        { provide: DkimKeys, useFactory: () => DkimKeys.open(config.DKIM_KEYS_FILE, config.MAIL_DOMAIN) },
        ComposeMail,
        SendingDomains,
        SendBudget,
        ClaimOptIns,
        ShowSendBudget,
        ResumeSending,
        RecordBounces,
        TakeReport,
        ListenForBounces,
        MailTransport,
        SmtpCircuit,
        DeliverMails,
        SendMail,
        RecordOutcomes,
        MeasureMails,
        WakeSender,
        ForgetOutcomes,
      ],
    };
  }
}
