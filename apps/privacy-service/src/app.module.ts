import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { handlersOf } from '#messaging';
import { ServiceModule } from '#service';
import { CertificateKeys } from './certificate/certificate-keys.js';
import { PublishKeysController } from './certificate/publish-keys.controller.js';
import { SignCertificate } from './certificate/sign-certificate.js';
import { PrivacyConfig } from './config.js';
import { AskAgain } from './expunge/ask-again.js';
import { GiveUpConfirmation } from './expunge/give-up-confirmation.js';
import { MeasureRequests } from './expunge/measure-requests.js';
import { RaiseOverdue } from './expunge/raise-overdue.js';
import { migrations } from './migrations/index.js';
import { ExpungeRequestsController } from './officer/expunge-requests.controller.js';
import { FetchCertificate } from './officer/fetch-certificate.js';
import { ListRequests } from './officer/list-requests.js';
import { ShowRequest } from './officer/show-request.js';
import { ShowStatus } from './status/show-status.js';
import { StatusController } from './status/status.controller.js';
import { subscriptions } from './subscriptions.js';

/** Without a key to sign with the service does not start: it could erase people and prove nothing. */
const certificateKeys: Provider = {
  provide: CertificateKeys,
  useFactory: (config: PrivacyConfig) => CertificateKeys.open(config.CERTIFICATE_KEYS_FILE),
  inject: [PrivacyConfig],
};

@Module({})
export class AppModule {
  static forConfig(config: PrivacyConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [ServiceModule.forService({ name: 'privacy-service', config, entities: [], migrations, subscriptions })],
      controllers: [ExpungeRequestsController, StatusController, PublishKeysController],
      providers: [
        certificateKeys,
        SignCertificate,
        AskAgain,
        GiveUpConfirmation,
        RaiseOverdue,
        MeasureRequests,
        ListRequests,
        ShowRequest,
        FetchCertificate,
        ShowStatus,
        ...handlersOf(subscriptions),
      ],
    };
  }
}
