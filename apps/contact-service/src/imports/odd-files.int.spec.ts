import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { waitUntil } from '#local';
import { anImport, type File, reportOf, upload, WITH_BASIS } from '../../test/an-import.js';
import { aTenant, type ContactService, startContactService, type TestTenant } from '../../test/start.js';

let service: ContactService;
let tenant: TestTenant;
beforeAll(async () => {
  service = await startContactService({ MAX_IMPORT_BYTES: String(8 * 1_048_576) });
  tenant = await aTenant(service);
});
afterAll(() => service.stop());

const MIB = 1_048_576;

/** Nothing of a refused file may be anywhere. */
async function left(): Promise<unknown> {
  const [row] = await service.db.query(
    `SELECT (SELECT count(*)::int FROM import WHERE tenant_id = $1) AS imports,
       (SELECT count(*)::int FROM import_piece WHERE tenant_id = $1) AS pieces,
       (SELECT count(*)::int FROM import_row WHERE tenant_id = $1) AS rows,
       (SELECT count(*)::int FROM contact WHERE tenant_id = $1) AS contacts`,
    [tenant.tenantId],
  );
  return row;
}

const NOTHING = { imports: 0, pieces: 0, rows: 0, contacts: 0 };
const bytes = (...values: number[]): Buffer => Buffer.from(values);
const rows = (count: number): string => Array.from({ length: count }, (_, n) => `p${n}@example.org,Zoe\n`).join('');
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

const longIn1252 = Buffer.concat([Buffer.from('email,name\na@example.org,'), Buffer.alloc(MIB, 0xe9)]);
const UNDEFINED_IN_1252 = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

const REFUSED: [string, File, string, string?][] = [
  ['is empty', '', 'empty-file'],
  ['has nothing but spaces and line ends', ' \r\n\n \n', 'empty-file'],
  ['has a header only', 'email,name\n', 'only-a-header'],
  ['has a header only and no line end', 'email,name', 'only-a-header'],
  ['has no column for an address', 'name,phone\nZoe,1\n', 'no-address-column'],
  ['begins with a row instead of a header', 'zoe@example.org,Zoe\n', 'no-address-column'],
  ['has the same column twice', 'email,Fax, fax \na@example.org,1,2\n', 'duplicate-columns', 'Columns 2 and 3 of'],
  [
    'has two columns that are read as one field',
    'E-Mail,Zoe,email\na@example.org,Zoe,b@example.org\n',
    'duplicate-columns',
    'Columns 1 and 3 of',
  ],
  ['has 500 columns', `email,${Array.from({ length: 499 }, (_, n) => `c${n}`).join(',')}\n`, 'too-many-columns'],
  ['is 50 MB in one line', 'x'.repeat(50 * MIB), 'line-too-long', 'The header is longer than 256 KiB'],
  ['has a row of 50 MB', `email\n${'x'.repeat(50 * MIB)}\n`, 'line-too-long', 'Row 2 is longer than 1 MiB'],
  ['holds NUL bytes', 'email,name\na@example.org,Z\0e\n', 'nul-bytes'],
  ['holds NUL bytes late', `email,name\n${rows(30_000)}a@example.org,\0\n`, 'nul-bytes'],
  ['holds NUL in UTF-16', Buffer.from('\uFEFFemail,name\na@example.org,Z\0\n', 'utf16le'), 'nul-bytes'],
  ['opens a quote and never closes it', 'email,name\na@example.org,"Zoe\nb@example.org,Bo\n', 'broken-quotes'],
  [
    'opens a quote late and never closes it',
    `email,name\n${rows(60_000)}a@example.org,"Zoe\n${rows(9)}`,
    'broken-quotes',
  ],
  ['has a row of more than 1 MiB in Windows-1252', longIn1252, 'line-too-long', 'Row 2 is'],
  ['opens a quote, and more than 1 MiB follows', `email,name\na@example.org,"Z\n${rows(60_000)}`, 'line-too-long'],
  ['opens a quote in the header', '"email,name\na@example.org,Zoe\n', 'broken-quotes', 'in row 1 is never closed'],
  [
    'closes only some quotes of the header',
    '"email";"name\na@example.org;Zoe\n',
    'broken-quotes',
    'in row 1 is never closed',
  ],
  [
    'has a quote inside the name of a column',
    '"email","na"me"\na@example.org,Zoe\n',
    'broken-quotes',
    'A quote in row 1 stands where none may be',
  ],
  ['has a quote inside a value', 'email,name\na@example.org,Zoe "Z" Luna\n', 'broken-quotes'],
  ['has text behind a closed quote', 'email,name\na@example.org,"Zoe" Luna\n', 'broken-quotes'],
  ['has a row with more values', 'email,name\na@example.org,Zoe\nb@example.org,Bo,x\n', 'uneven-rows', 'Row 3 has'],
  ['has a row with fewer values, late', `email,name\n${rows(50_000)}z@example.org\n`, 'uneven-rows', 'Row 50002 has'],
  ['is UTF-8 with damage', 'email,name\na@example.org,Zoë Ångström\n', 'unknown-encoding'],
  [
    'says it is UTF-8 and is not',
    Buffer.concat([bytes(0xef, 0xbb, 0xbf), Buffer.from('email,name\na@b.org,'), bytes(0xeb)]),
    'unknown-encoding',
  ],
  [
    'is Shift JIS',
    Buffer.concat([Buffer.from('email,name\na@example.org,'), bytes(0x8d, 0xb2, 0x93, 0xa1)]),
    'unknown-encoding',
  ],
  [
    'is broken UTF-16',
    Buffer.concat([Buffer.from('\uFEFFemail\na@example.org\n', 'utf16le'), bytes(0x00, 0xd8, 0x41, 0x00)]),
    'unknown-encoding',
  ],
  ['is a picture', bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d), 'nul-bytes'],
];

const damaged = (file: File, code: string): File =>
  code === 'unknown-encoding' && typeof file === 'string'
    ? Buffer.concat([Buffer.from(file), bytes(0xff, 0x0a)])
    : file;

describe('When a file', () => {
  test.each(REFUSED)('%s, then that is said and nothing of it is kept', async (_, file, code, title = '') => {
    const answer = await upload(service, tenant.recruiter, damaged(file, code));
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 422, code });
    expect(answer.body.title).toContain(title);
    expect(answer.text).not.toMatch(/Zoe|example\.org/);
    expect(await left()).toEqual(NOTHING);
  });

  test('is larger than allowed, then it is refused with 413 and nothing of it is kept', async () => {
    const answer = await upload(
      service,
      tenant.recruiter,
      `email,name\n${`a@example.org,${'x'.repeat(85)}\n`.repeat(90_000)}`,
    );
    expect(answer).toMatchObject({ status: 413, body: { code: 'too-large' } });
    expect(await left()).toEqual(NOTHING);
  });

  test('is no CSV by its type, then it is refused with 415', async () => {
    for (const contentType of [
      'application/json',
      'text/plain',
      'text/csv; charset=shift_jis',
      'multipart/form-data',
    ]) {
      const answer = await upload(service, tenant.recruiter, '{}', { contentType });
      expect([contentType, answer.status]).toEqual([contentType, 415]);
    }
  });

  test('stops coming, because its sender is gone, then nothing of it is kept', async () => {
    const headers = { authorization: `Bearer ${await service.token(tenant.recruiter)}`, 'content-type': 'text/csv' };
    const sender = request(`${service.url}/v1/imports${WITH_BASIS}`, { method: 'POST', headers });
    sender.on('error', () => undefined);
    sender.write(`email,name\n${rows(40_000)}`);
    const staged = async () => ((await left()) as { pieces: number }).pieces > 0 || undefined;
    await waitUntil(staged, { what: 'pieces are kept', timeoutMs: 30_000 });
    sender.destroy();
    const gone = async () => JSON.stringify(await left()) === JSON.stringify(NOTHING) || undefined;
    await waitUntil(gone, { what: 'nothing is kept', timeoutMs: 30_000 });
  });
});

describe('When the names of columns are in quotes', () => {
  const quoted = (values: readonly string[], separator: string): string =>
    values.map((value) => `"${value.replaceAll('"', '""')}"`).join(separator);
  const separators = [
    ['commas', ','],
    ['semicolons', ';'],
    ['tabs', '\t'],
    ['bars', '|'],
  ] as const;
  const lineEnds = [
    ['Unix', '\n'],
    ['Windows', '\r\n'],
    ['Mac', '\r'],
  ] as const;
  const written = separators.flatMap(([name, separator]) =>
    lineEnds.map(([system, lineEnd]) => [name, system, separator, lineEnd] as const),
  );

  test.each(written)('and there are %s and %s line ends, then they are read', async (...[, , separator, lineEnd]) => {
    const company = await aTenant(service);
    const table = [
      ['email', 'name', 'a, b; c | d'],
      ['a@example.org', 'Zoe', 'x'],
    ];
    const file = table.map((row) => quoted(row, separator) + lineEnd).join('');
    const done = await anImport(service, company, file);
    expect(done).toMatchObject({ state: 'done', rowsTotal: 1, rowsImported: 1 });
    const [contact] = await service.db.query('SELECT * FROM contact WHERE tenant_id = $1', [company.tenantId]);
    expect(contact).toMatchObject({ email: 'a@example.org', family_name: 'Zoe' });
  });

  test('and hold quotes and line breaks, then they are read, and are in the report as they were', async () => {
    const company = await aTenant(service);
    const file = `${quoted(['E-\r\nMail', 'the "real" name', 'name'], ';')}\r\na@example.org;Zoe;Luna\r\n`;
    const done = await anImport(service, company, file);
    expect(done).toMatchObject({ rowsTotal: 1, rowsImported: 1 });
    const { text } = await reportOf(service, company, done.id);
    expect(text).toBe('"E-\r\nMail","the ""real"" name",name,status,reason,row\na@example.org,Zoe,Luna,imported,,2\n');
  });

  test('because a program that saved our report puts everything into quotes, then it can be uploaded again', async () => {
    const company = await aTenant(service);
    const { id } = await anImport(service, company, 'email,"full ""name""",phone\na@example.org,"Luna, Zoe",12\n');
    const report = parse((await reportOf(service, company, id, '?only=rejected')).text);
    const saved = stringify(report, { quoted: true, quoted_empty: true, record_delimiter: 'windows' });
    expect(saved).toContain('"email","full ""name""","phone","status","reason","row"\r\n"a@example.org",');
    const mended = await anImport(service, company, saved.replace('"12"', '"+49 30 1234567"'));
    expect(mended).toMatchObject({ rowsTotal: 1, rowsImported: 1 });
  });
});

describe('When a file is unusual but sound', () => {
  const text = 'E-Mail;Nachname\na@example.org;"Müller; ""Zoë"""\n';
  const READ: [string, File][] = [
    ['UTF-8', text],
    ['UTF-8 with its mark', `\uFEFF${text}`],
    ['UTF-16LE', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16LE without its mark', Buffer.from(text, 'utf16le')],
    ['UTF-16BE', utf16be(`\uFEFF${text}`)],
    ['Windows-1252', Buffer.from(text, 'latin1')],
    ['tabs', text.replaceAll(/;(?! )/g, '\t')],
    ['bars', text.replaceAll(/;(?! )/g, '|')],
    ['commas', text.replaceAll(/;(?! )/g, ',')],
    ['Mac line ends', text.replaceAll('\n', '\r')],
    ['Windows line ends', text.replaceAll('\n', '\r\n')],
    ['mixed line ends and empty lines', text.replace('\n', '\r\n\n\r').concat('\r\n\n')],
  ];

  test.each(READ)('and written with %s, then it is read as it is meant', async (_, file) => {
    const company = await aTenant(service);
    expect(await anImport(service, company, file)).toMatchObject({ state: 'done', rowsTotal: 1, rowsImported: 1 });
    const [contact] = await service.db.query('SELECT * FROM contact WHERE tenant_id = $1', [company.tenantId]);
    expect(contact).toMatchObject({ email: 'a@example.org', family_name: 'Müller; "Zoë"' });
  });

  test('and has characters that only Windows-1252 has, then each is the right one', async () => {
    const company = await aTenant(service);
    const byte = (value: number): Buffer => bytes(value);
    const values = Array.from({ length: 32 }, (_, n) => 0x80 + n).filter((value) => !UNDEFINED_IN_1252.has(value));
    const lines = values.map((value) => [Buffer.from(`p${value}@example.org,`), byte(value), Buffer.from('\n')]).flat();
    const text = Buffer.concat([Buffer.from('email,name\n'), ...lines]);
    expect(await anImport(service, company, text)).toMatchObject({ state: 'done', rowsImported: values.length });
    const rows: { email: string; family_name: string }[] = await service.db.query(
      'SELECT email, family_name FROM contact WHERE tenant_id = $1',
      [company.tenantId],
    );
    const read = Object.fromEntries(rows.map(({ email, family_name }) => [email, family_name]));
    const meant = new TextDecoder('windows-1252').decode(Buffer.from(values));
    expect(read).toEqual(Object.fromEntries(values.map((value, n) => [`p${value}@example.org`, meant[n]])));
  });

  test.each([0x80, 0xe9])(
    'and has a row of not quite 1 MiB of bytes %d in Windows-1252, then that row alone is refused',
    async (value) => {
      const company = await aTenant(service);
      const begin = `email,name\n${rows(1_500)}a@example.org,`;
      const file = Buffer.concat([Buffer.from(begin), Buffer.alloc(1_000_000, value), Buffer.from('\n')]);
      const done = await anImport(service, company, file);
      expect(done).toMatchObject({ state: 'done', rowsImported: 1_500 });
      expect(done.rejected).toEqual([{ reason: 'too-long:family-name', rows: 1 }]);
    },
  );

  test('and has line breaks in quotes, then the value keeps them apart from rows', async () => {
    const company = await aTenant(service);
    const done = await anImport(service, company, 'email,remark\na@example.org,"one\r\ntwo\nthree"\nb@example.org,x\n');
    expect(done).toMatchObject({ rowsTotal: 2, rowsImported: 2 });
    expect((await reportOf(service, company, done.id)).text).toContain('"one\r\ntwo\nthree"');
  });

  test('and characters fall between two pieces of it, then none is lost', async () => {
    const company = await aTenant(service);
    const name = 'Ångström€😀';
    const lines = Array.from({ length: 20_000 }, (_, n) => `p${n}@example.org,${name}\n`).join('');
    const files = [
      Buffer.from(`email,name\n${lines}`),
      Buffer.from(`\uFEFFemail,name\n${lines.replaceAll('p', 'q')}`, 'utf16le'),
    ];
    for (const file of files) expect(await anImport(service, company, file)).toMatchObject({ rowsImported: 20_000 });
    const [others] = await service.db.query(
      'SELECT count(*)::int AS count FROM contact WHERE tenant_id = $1 AND family_name <> $2',
      [company.tenantId, name],
    );
    expect(others).toEqual({ count: 0 });
  }, 60_000);
});
