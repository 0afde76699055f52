import { Body, Controller, Get, HttpCode, Patch, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Answers, Caller, Refuses, Summary, TenantCaller, UuidParam } from '#service';
import { AddContact } from './add-contact.js';
import { ChangeContact } from './change-contact.js';
import { ContactView } from './contact-view.js';
import { ContactDetails } from './contact-details.js';
import { ReadContact } from './read-contact.js';
import { ContactPage, ContactSearch, SearchContacts } from './search-contacts.js';

@Controller('v1/contacts')
export class ContactsController {
  constructor(
    private readonly addContact: AddContact,
    private readonly readContact: ReadContact,
    private readonly searchContacts: SearchContacts,
    private readonly changeContact: ChangeContact,
  ) {}

  @Post()
  @Summary('Adds a person by hand.')
  @Answers(201, ContactView)
  @Refuses(409, 422)
  async add(
    @Caller() caller: TenantCaller,
    @Body() details: ContactDetails,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ContactView> {
    const contact = await this.addContact.execute(caller, details);
    response.location(`/v1/contacts/${contact.id}`);
    return contact;
  }

  /** A POST, because what is searched for is about a person and must not be in an address. */
  @Post('search')
  @HttpCode(200)
  @Summary('Finds contacts by state, address or the beginning of a name, page by page.')
  @Answers(200, ContactPage)
  @Refuses(422)
  search(@Caller() caller: TenantCaller, @Body() search: ContactSearch): Promise<ContactPage> {
    return this.searchContacts.execute(caller.tenantId, search);
  }

  @Get(':id')
  @Summary('One contact.')
  @Answers(200, ContactView)
  @Refuses(410)
  read(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<ContactView> {
    return this.readContact.execute(caller.tenantId, id);
  }

  @Patch(':id')
  @Summary('Corrects what is known of a contact; null takes a value away.')
  @Answers(200, ContactView)
  @Refuses(409, 410, 422)
  change(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Body() details: ContactDetails,
  ): Promise<ContactView> {
    return this.changeContact.execute(caller, id, details);
  }
}
