import SMTPPool from 'nodemailer/lib/smtp-pool';
import { secretFile } from '#service';
import { NotificationConfig } from '../config.js';

/** A few kept connections to the mail server. With a password file each new connection offers what the file says then. */
export function makePool(config: NotificationConfig): SMTPPool {
  const timeoutMs = config.SMTP_TIMEOUT_SECONDS * 1_000;
  const pool = new SMTPPool({
    url: config.SMTP_URL,
    name: config.MAIL_DOMAIN,
    maxConnections: config.SMTP_CONNECTIONS,
    maxMessages: 1_000,
    maxRequeues: 1,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
  });
  const { SMTP_PASSWORD_FILE: file } = config;
  if (file !== undefined) pool.options.auth = passwordFrom(secretFile(file), pool.options.auth?.user);
  return pool;
}

/** The pool asks for it whenever it makes a connection; open ones are not touched by a new password. */
function passwordFrom(password: () => string, user: string | undefined) {
  return {
    user,
    get pass(): string {
      return password();
    },
  };
}
