import { aHold } from '../../apps/contact-service/test/a-hold.js';
import { anAskedPerson, answerForm, type Page as Answer } from '../../apps/contact-service/test/opt-in-ask.js';
import type { Page } from 'playwright-core';
import type { ContactService } from '../../apps/contact-service/test/start.js';

/** The state a page shows, and how a browser comes to it. */
export interface Shown {
  /** Path behind /o/. */
  readonly path: string;
  /** What is done there, if the page is the answer to a form. */
  readonly act?: (page: Page) => Promise<void>;
  readonly status: number;
}

type Make = (service: ContactService) => Promise<Shown>;

const asked = anAskedPerson;
const setHidden = (page: Page, name: string, value: string): Promise<unknown> =>
  page.evaluate(`document.querySelector('input[name=${name}]').value = '${value}'`);
const tickAndPress = async (page: Page): Promise<void> => {
  await page.getByRole('checkbox').check();
  await press(page);
};
const press = (page: Page): Promise<void> => page.getByRole('button').first().click();
const after =
  (...decisions: ('opt-in' | 'decline' | 'remove')[]): Make =>
  async (service) => {
    const { token } = await asked(service);
    let answer: Answer | undefined;
    for (const decision of decisions) answer = await answerForm(service, token, decision);
    return { path: token, status: answer?.status ?? 200 };
  };

/** One of each page a person can come to. */
export const STATES: Record<string, Make> = {
  offer: after(),
  'opted-in': after('opt-in'),
  overdue: async (service) => {
    const long = { graceSeconds: 3_600, linkValidSeconds: 3_600, acceptedSecondsAgo: 90_000 };
    return { path: (await asked(service, long)).token, status: 200 };
  },
  declined: after('decline'),
  withdrawn: after('opt-in', 'decline'),
  expunging: after('remove'),
  'remove-for-good': async (service) => ({ path: `${(await asked(service)).token}?page=remove`, status: 200 }),
  'offer-policy-off': async (service) => ({ path: (await asked(service, { policy: 'off' })).token, status: 200 }),
  'remove-policy-off': async (service) => ({
    path: `${(await asked(service, { policy: 'off' })).token}?page=remove`,
    status: 200,
  }),
  disabled: async (service) => {
    const { token } = await asked(service, { policy: 'off' });
    await answerForm(service, token, 'remove');
    return { path: token, status: 200 };
  },
  'disabled-but-removable': async (service) => {
    const { token, tenant } = await asked(service, { policy: 'off' });
    await answerForm(service, token, 'remove');
    await tenant.setPolicy('permanent');
    return { path: token, status: 200 };
  },
  waiting: async (service) => {
    const { token, tenant, contactId } = await asked(service);
    await aHold(service, tenant, contactId);
    await answerForm(service, token, 'remove');
    return { path: token, status: 200 };
  },
  expired: async (service) => {
    const { token } = await asked(service, { linkValidSeconds: 3_600, acceptedSecondsAgo: 4_000 });
    return { path: token, status: 410 };
  },
  'address-changed': async (service) => {
    const { token, emailId } = await asked(service);
    await service.db.query('UPDATE opt_in_ask SET address_changed_at = now() WHERE email_id = $1', [emailId]);
    return { path: token, status: 410 };
  },
  unknown: () => Promise.resolve({ path: 'a'.repeat(43), status: 404 }),
  'not-ticked': async (service) => ({ path: (await asked(service)).token, act: press, status: 422 }),
  'not-confirmed': async (service) => {
    return { path: `${(await asked(service)).token}?page=remove`, act: press, status: 422 };
  },
  unclear: async (service) => {
    const { token } = await asked(service);
    const act = async (page: Page): Promise<void> => {
      await setHidden(page, 'decision', 'both');
      await tickAndPress(page);
    };
    return { path: token, act, status: 422 };
  },
  'text-changed': async (service) => {
    const { token } = await asked(service);
    const act = async (page: Page): Promise<void> => {
      await setHidden(page, 'text', 'old');
      await tickAndPress(page);
    };
    return { path: token, act, status: 422 };
  },
  'too-late': async (service) => {
    const { token } = await asked(service);
    const act = async (page: Page): Promise<void> => {
      await answerForm(service, token, 'remove');
      await tickAndPress(page);
    };
    return { path: token, act, status: 409 };
  },
};
