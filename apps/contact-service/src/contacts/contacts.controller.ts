import { Body, Controller, Get, HttpCode, Patch, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Caller, Roles, TenantCaller, UuidParam } from '#service';
import { AddContact } from './add-contact.js';
import { ChangeContact } from './change-contact.js';
import type { ContactView } from './contact.js';
import { ContactDetails } from './contact-details.js';
import { ReadContact } from './read-contact.js';
import { type ContactPage, ContactSearch, SearchContacts } from './search-contacts.js';

@Roles('recruiter')
@Controller('v1/contacts')
export class ContactsController {
  constructor(
    private readonly addContact: AddContact,
    private readonly readContact: ReadContact,
    private readonly searchContacts: SearchContacts,
    private readonly changeContact: ChangeContact,
  ) {}

  @Post()
  async add(
    @Caller() caller: TenantCaller,
    @Body() details: ContactDetails,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ContactView> {
    const contact = await this.addContact.execute(caller.tenantId, details);
    response.location(`/v1/contacts/${contact.id}`);
    return contact;
  }

  /** A POST, because what is searched for is about a person and must not be in an address. */
  @Post('search')
  @HttpCode(200)
  search(@Caller() caller: TenantCaller, @Body() search: ContactSearch): Promise<ContactPage> {
    return this.searchContacts.execute(caller.tenantId, search);
  }

  @Get(':id')
  read(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<ContactView> {
    return this.readContact.execute(caller.tenantId, id);
  }

  @Patch(':id')
  change(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Body() details: ContactDetails,
  ): Promise<ContactView> {
    return this.changeContact.execute(caller.tenantId, id, details);
  }
}
