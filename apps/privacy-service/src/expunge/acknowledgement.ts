import { SafeMessageError } from '#messaging';

/** Somebody speaks for another service. The message is parked and counts for nothing. */
export class ForeignSender extends SafeMessageError {
  constructor() {
    super('The sender of this message is not the service it speaks for.');
  }
}

/** Throws {@link ForeignSender} unless a message comes from the service it speaks for. */
export function refuseForeignSender(source: string, speaker: string): void {
  if (source !== speaker) throw new ForeignSender();
}
