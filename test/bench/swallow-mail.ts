import Mailer from 'nodemailer/lib/mailer';

// For `node --import`: every mail counts as accepted at once, nothing is composed, signed or sent. The price of mail, which
// is about half of all, would otherwise hide the rest.
Mailer.prototype.sendMail = (() => Promise.resolve({ accepted: [], rejected: [] })) as never;
