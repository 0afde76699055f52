/** What somebody has sent from the page, or a mail program for them. */
export type Answer =
  | { readonly decision: 'opt-in' | 'decline'; readonly how: 'form'; readonly shown?: string }
  | { readonly decision: 'decline'; readonly how: 'one-click' }
  | { readonly decision: 'remove' };

export type AnswerProblem = 'not-ticked' | 'not-confirmed' | 'unclear';

/**
 * Reads a form. Pure. Whatever is missing, doubled or contradicts itself is no answer; and only a ticked box opts in or
 * removes, so that neither happens by a slip. What RFC 8058 sends is a decline and can be nothing else.
 */
export function readAnswer(form: FormData): Answer | { readonly problem: AnswerProblem } {
  const decisions = form.getAll('decision');
  const unsubscribed = form.getAll('List-Unsubscribe');
  if (decisions.length + unsubscribed.length !== 1) return { problem: 'unclear' };
  if (unsubscribed[0] === 'One-Click') return { decision: 'decline', how: 'one-click' };
  switch (decisions[0]) {
    case 'opt-in':
      return only(form, 'agree') ? { decision: 'opt-in', how: 'form', ...shown(form) } : { problem: 'not-ticked' };
    case 'decline':
      return { decision: 'decline', how: 'form', ...shown(form) };
    case 'remove':
      return only(form, 'confirm') ? { decision: 'remove' } : { problem: 'not-confirmed' };
    default:
      return { problem: 'unclear' };
  }
}

function only(form: FormData, box: string): boolean {
  const values = form.getAll(box);
  return values.length === 1 && values[0] === 'yes';
}

/** The hash of the words the person saw. */
function shown(form: FormData): { shown?: string } {
  const [hash, ...more] = form.getAll('text');
  return typeof hash === 'string' && more.length === 0 ? { shown: hash } : {};
}
