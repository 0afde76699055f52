import { AccountController } from './accounts/account.controller.js';
import { ReadAccount } from './accounts/read-account.js';
import { SignUp } from './accounts/sign-up.js';
import { ConsentRequestsController } from './consent/consent-requests.controller.js';
import { ListConsentRequests } from './consent/list-consent-requests.js';
import { MeasureOverdue } from './consent/measure-overdue.js';
import { ReadConsent } from './consent/read-consent.js';
import { StopAsking } from './consent/stop-asking.js';
import { AddContact } from './contacts/add-contact.js';
import { AddNote } from './notes/add-note.js';
import { ChangeContact } from './contacts/change-contact.js';
import { ContactsController } from './contacts/contacts.controller.js';
import { ListNotes } from './notes/list-notes.js';
import { OnePerAddress } from './contacts/one-per-address.js';
import { ReadContact } from './contacts/read-contact.js';
import { SearchContacts } from './contacts/search-contacts.js';
import { HoldsController } from './holds/holds.controller.js';
import { LiftHold } from './holds/lift-hold.js';
import { ListContactHolds } from './holds/list-contact-holds.js';
import { ListHolds } from './holds/list-holds.js';
import { PlaceHold } from './holds/place-hold.js';
import { DeleteAccount } from './expunge/delete-account.js';
import { ExpungeContact } from './expunge/expunge-contact.js';
import { ContactParticipant } from './expunge/participant.js';
import { ExpungeController } from './expunge/expunge.controller.js';
import { ExpungeSoftDeleted } from './expunge/expunge-soft-deleted.js';
import { PostponeExpunge } from './expunge/postpone-expunge.js';
import { ReadRemoval } from './expunge/read-removal.js';
import { RepeatRequest } from './expunge/repeat-request.js';
import { RemoveMany } from './expunge/remove-many.js';
import { RemoveContact } from './expunge/remove-contact.js';
import { RequestExpunge } from './expunge/request-expunge.js';
import { ResumeWaiting } from './expunge/resume-waiting.js';
import { ConsentRecordsController } from './consent-form/consent-records.controller.js';
import { GiveConsent } from './consent-form/give-consent.js';
import { ListConsentRecords } from './consent-form/list-consent-records.js';
import { LookAtForm } from './consent-form/look-at-form.js';
import { OptInFormController } from './consent-form/opt-in-form.controller.js';
import { RecordConsent } from './consent-form/record-consent.js';
import { RemoveByForm } from './consent-form/remove-by-form.js';
import { ShowOptInForm } from './consent-form/show-opt-in-form.js';
import { CancelImport } from './imports/cancel-import.js';
import { ForgetImports } from './imports/forget-imports.js';
import { ImportChunk } from './imports/import-chunk.js';
import { ImportStreamsController } from './imports/import-streams.controller.js';
import { ImportsController } from './imports/imports.controller.js';
import { LeaveAddress } from './imports/leave-address.js';
import { ListImports } from './imports/list-imports.js';
import { ReadImport } from './imports/read-import.js';
import { RelayBacklog } from './imports/relay-backlog.js';
import { RemoveUndone } from './imports/remove-undone.js';
import { RunImports } from './imports/run-imports.js';
import { UndoImport } from './imports/undo-import.js';
import { UploadImport } from './imports/upload-import.js';
import { WatchImport } from './imports/watch-import.js';
import { WriteReport } from './imports/write-report.js';
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
import { PutTenant } from './tenants/put-tenant.js';
import { ReadExpungePolicy } from './tenants/read-expunge-policy.js';
import { ReadKillSwitch } from './tenants/read-kill-switch.js';
import { ReadTenant } from './tenants/read-tenant.js';
import { RequestEnabling } from './tenants/request-enabling.js';
import { SetKillSwitch } from './tenants/set-kill-switch.js';
import { SwitchExpungeOff } from './tenants/switch-expunge-off.js';
import { ClearSuppression } from './suppression/clear-suppression.js';
import { ForgetSuppressions } from './suppression/forget-suppressions.js';
import { LiftSuppression } from './suppression/lift-suppression.js';
import { LookupSuppression } from './suppression/lookup-suppression.js';
import { SuppressAddresses } from './suppression/suppress-addresses.js';
import { SuppressionsController } from './suppression/suppressions.controller.js';
import { TenantsController } from './tenants/tenants.controller.js';
import { WithdrawEnabling } from './tenants/withdraw-enabling.js';

const tenants = [PutTenant, ReadTenant, SetKillSwitch, ReadKillSwitch];
const policy = [RequestEnabling, ApproveEnabling, WithdrawEnabling, SwitchExpungeOff, ReadExpungePolicy];
const accounts = [SignUp, ReadAccount];
const contacts = [OnePerAddress, AddContact, ReadContact, SearchContacts, ChangeContact];
const imports = [
  UploadImport,
  ListImports,
  ReadImport,
  WatchImport,
  CancelImport,
  UndoImport,
  WriteReport,
  ImportChunk,
  LeaveAddress,
  RelayBacklog,
];
const consentForm = [ShowOptInForm, LookAtForm, GiveConsent, RecordConsent, RemoveByForm, ListConsentRecords];
const notes = [AddNote, ListNotes];
const holds = [PlaceHold, LiftHold, ListContactHolds, ListHolds];
const suppression = [SuppressAddresses, ClearSuppression, LookupSuppression, LiftSuppression, ForgetSuppressions];
const expunge = [
  ContactParticipant,
  DeleteAccount,
  ExpungeContact,
  RemoveContact,
  RemoveMany,
  RequestExpunge,
  PostponeExpunge,
  ReadRemoval,
];
const consent = [ReadConsent, ListConsentRequests, StopAsking, MeasureOverdue];
const timers = [RepeatRequest, ResumeWaiting, ExpungeSoftDeleted, RunImports, RemoveUndone, ForgetImports];
const removalByAddress = [
  AskForRemoval,
  RateLimits,
  SendRemovalLinks,
  ShowRemovalLink,
  FollowRemovalLink,
  ForgetRemovalLinks,
  TrustProxy,
];

/** Everything this service can be asked for over HTTP. */
export const controllers = [
  TenantsController,
  ExpungePolicyController,
  KillSwitchController,
  AccountController,
  ContactsController,
  OptInFormController,
  ConsentRecordsController,
  NotesController,
  ExpungeController,
  RemovalRequestsController,
  RemovalLinkController,
  HoldsController,
  ConsentRequestsController,
  SuppressionsController,
  ImportsController,
  ImportStreamsController,
];

/** One class for each use case and timer. */
export const useCases = [
  ...tenants,
  ...policy,
  ...accounts,
  ...contacts,
  ...consentForm,
  ...notes,
  ...imports,
  ...holds,
  ...expunge,
  ...suppression,
  ...removalByAddress,
  ...consent,
  ...timers,
];
