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
import { DeleteAccount } from './expunge/delete-account.js';
import { ExpungeContact } from './expunge/expunge-contact.js';
import { ExpungeController } from './expunge/expunge.controller.js';
import { ReadRemoval } from './expunge/read-removal.js';
import { Removal } from './expunge/removal.js';
import { RepeatRequest } from './expunge/repeat-request.js';
import { RequestExpunge } from './expunge/request-expunge.js';
import { migrations } from './migrations/index.js';
import { subscriptions } from './subscriptions.js';
import { NotesController } from './notes/notes.controller.js';
import { PutTenant } from './tenants/put-tenant.js';
import { ReadTenant } from './tenants/read-tenant.js';
import { Tenant } from './tenants/tenant.js';
import { TenantsController } from './tenants/tenants.controller.js';

const entities = [Tenant, Contact, Note, Removal];

const keyring: Provider = {
  provide: KeyringFile,
  inject: [ContactConfig],
  useFactory: (config: ContactConfig) => KeyringFile.open(config.SEAL_KEYRING_FILE),
};

const tenants = [PutTenant, ReadTenant];
const accounts = [SignUp, ReadAccount];
const contacts = [AddContact, ReadContact, SearchContacts, ChangeContact];
const notes = [AddNote, ListNotes];
const expunge = [DeleteAccount, ExpungeContact, RequestExpunge, RepeatRequest, ReadRemoval];

@Module({})
export class AppModule {
  static forConfig(config: ContactConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [ServiceModule.forService({ name: 'contact-service', config, entities, migrations, subscriptions })],
      controllers: [TenantsController, AccountController, ContactsController, NotesController, ExpungeController],
      providers: [keyring, ...tenants, ...accounts, ...contacts, ...notes, ...expunge, ...handlersOf(subscriptions)],
    };
  }
}
