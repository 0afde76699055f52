import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { handlersOf } from '#messaging';
import { KeyringFile, ServiceModule } from '#service';
import { AccountController } from './accounts/account.controller.js';
import { ReadAccount } from './accounts/read-account.js';
import { SignUp } from './accounts/sign-up.js';
import { ContactConfig } from './config.js';
import { AddContact } from './contacts/add-contact.js';
import { AddNote } from './notes/add-note.js';
import { ChangeContact } from './contacts/change-contact.js';
import { Contact } from './contacts/contact.js';
import { ContactsController } from './contacts/contacts.controller.js';
import { ListNotes } from './notes/list-notes.js';
import { Note } from './notes/note.js';
import { ReadContact } from './contacts/read-contact.js';
import { SearchContacts } from './contacts/search-contacts.js';
import { HoldsController } from './holds/holds.controller.js';
import { Hold } from './holds/hold.js';
import { LiftHold } from './holds/lift-hold.js';
import { ListContactHolds } from './holds/list-contact-holds.js';
import { ListHolds } from './holds/list-holds.js';
import { PlaceHold } from './holds/place-hold.js';
import { DeleteAccount } from './expunge/delete-account.js';
import { ExpungeContact } from './expunge/expunge-contact.js';
import { ExpungeController } from './expunge/expunge.controller.js';
import { ExpungeSoftDeleted } from './expunge/expunge-soft-deleted.js';
import { PostponeExpunge } from './expunge/postpone-expunge.js';
import { ReadRemoval } from './expunge/read-removal.js';
import { Removal } from './expunge/removal.js';
import { RepeatRequest } from './expunge/repeat-request.js';
import { RemoveContact } from './expunge/remove-contact.js';
import { RequestExpunge } from './expunge/request-expunge.js';
import { ResumeWaiting } from './expunge/resume-waiting.js';
import { WaitingExpunge } from './expunge/waiting-expunge.js';
import { migrations } from './migrations/index.js';
import { subscriptions } from './subscriptions.js';
import { NotesController } from './notes/notes.controller.js';
import { AskForRemoval } from './removal-by-address/ask-for-removal.js';
import { FollowRemovalLink } from './removal-by-address/follow-removal-link.js';
import { ForgetRemovalLinks } from './removal-by-address/forget-removal-links.js';
import { RateLimits } from './removal-by-address/rate-limits.js';
import { RemovalLinkController } from './removal-by-address/removal-link.controller.js';
import { RemovalRequestsController } from './removal-by-address/removal-requests.controller.js';
import { SendRemovalLinks } from './removal-by-address/send-removal-links.js';
import { ShowRemovalLink } from './removal-by-address/show-removal-link.js';
import { TrustProxy } from './removal-by-address/trust-proxy.js';
import { ApproveEnabling } from './tenants/approve-enabling.js';
import { ExpungePolicyController } from './tenants/expunge-policy.controller.js';
import { KillSwitchController } from './tenants/kill-switch.controller.js';
import { KillSwitchChange } from './tenants/kill-switch-change.js';
import { PolicyChange } from './tenants/policy-change.js';
import { PutTenant } from './tenants/put-tenant.js';
import { ReadExpungePolicy } from './tenants/read-expunge-policy.js';
import { ReadKillSwitch } from './tenants/read-kill-switch.js';
import { ReadTenant } from './tenants/read-tenant.js';
import { RequestEnabling } from './tenants/request-enabling.js';
import { SetKillSwitch } from './tenants/set-kill-switch.js';
import { SwitchExpungeOff } from './tenants/switch-expunge-off.js';
import { Tenant } from './tenants/tenant.js';
import { TenantsController } from './tenants/tenants.controller.js';
import { WithdrawEnabling } from './tenants/withdraw-enabling.js';

const entities = [Tenant, PolicyChange, KillSwitchChange, Contact, Note, Hold, Removal, WaitingExpunge];

const keyring: Provider = {
  provide: KeyringFile,
  inject: [ContactConfig],
  useFactory: (config: ContactConfig) => KeyringFile.open(config.SEAL_KEYRING_FILE),
};

const tenants = [PutTenant, ReadTenant, SetKillSwitch, ReadKillSwitch];
const policy = [RequestEnabling, ApproveEnabling, WithdrawEnabling, SwitchExpungeOff, ReadExpungePolicy];
const accounts = [SignUp, ReadAccount];
const contacts = [AddContact, ReadContact, SearchContacts, ChangeContact];
const notes = [AddNote, ListNotes];
const holds = [PlaceHold, LiftHold, ListContactHolds, ListHolds];
const expunge = [DeleteAccount, ExpungeContact, RemoveContact, RequestExpunge, PostponeExpunge, ReadRemoval];
const timers = [RepeatRequest, ResumeWaiting, ExpungeSoftDeleted];
const removalByAddress = [
  AskForRemoval,
  RateLimits,
  SendRemovalLinks,
  ShowRemovalLink,
  FollowRemovalLink,
  ForgetRemovalLinks,
  TrustProxy,
];

@Module({})
export class AppModule {
  static forConfig(config: ContactConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [ServiceModule.forService({ name: 'contact-service', config, entities, migrations, subscriptions })],
      controllers: [
        TenantsController,
        ExpungePolicyController,
        KillSwitchController,
        AccountController,
        ContactsController,
        NotesController,
        ExpungeController,
        RemovalRequestsController,
        RemovalLinkController,
        HoldsController,
      ],
      providers: [
        keyring,
        ...tenants,
        ...policy,
        ...accounts,
        ...contacts,
        ...notes,
        ...holds,
        ...expunge,
        ...removalByAddress,
        ...timers,
        ...handlersOf(subscriptions),
      ],
    };
  }
}
