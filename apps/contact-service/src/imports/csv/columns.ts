/** What a column of a file can be about. */
export const FIELDS = [
  'email',
  'given-name',
  'family-name',
  'phone',
  'language',
  'country',
  'source',
  'lawful-basis',
] as const;
export type Field = (typeof FIELDS)[number];

/** Which columns say what: several may, then the first one that says anything counts, in the order of NAMES. */
export type Mapping = Readonly<Record<Field, readonly number[]>>;

/**
 * Names of columns as the common CRMs and applicant tracking systems export them, most telling first, in the form of
 * {@link keyOf}. Columns with other names are kept for the report only.
 */
const NAMES: Readonly<Record<Field, readonly string[]>> = {
  email: [
    'email',
    'emailaddress',
    'emailaddresses',
    'mail',
    'mailaddress',
    'email1',
    'email1value',
    'primaryemail',
    'personalemail',
    'workemail',
    'businessemail',
    'candidateemail',
    'contactemail',
    'emailadresse',
    'mailadresse',
    'correo',
    'correoelectronico',
    'courriel',
    'adresseemail',
    'adressemail',
    'indirizzoemail',
    'epost',
  ],
  'given-name': ['firstname', 'givenname', 'forename', 'vorname', 'prenom', 'nombre', 'nome', 'fornamn', 'first'],
  'family-name': [
    'lastname',
    'familyname',
    'surname',
    'secondname',
    'nachname',
    'familienname',
    'nomdefamille',
    'nom',
    'apellidos',
    'apellido',
    'cognome',
    'efternamn',
    'last',
    'name',
    'fullname',
    'candidatename',
    'contactname',
    'displayname',
  ],
  phone: [
    'phone',
    'phonenumber',
    'mobile',
    'mobilephone',
    'mobilenumber',
    'cell',
    'cellphone',
    'telephone',
    'telephonenumber',
    'tel',
    'homephone',
    'workphone',
    'businessphone',
    'phone1value',
    'telefon',
    'telefonnummer',
    'mobil',
    'handy',
    'mobiltelefon',
    'telefono',
    'movil',
    'portable',
  ],
  language: ['language', 'preferredlanguage', 'locale', 'lang', 'sprache', 'langue', 'idioma', 'lingua'],
  country: ['country', 'countrycode', 'countryregion', 'mailingcountry', 'land', 'pays', 'pais', 'paese'],
  source: ['source', 'leadsource', 'candidatesource', 'contactsource', 'originalsource', 'quelle', 'herkunft'],
  'lawful-basis': ['lawfulbasis', 'legalbasis', 'gdprbasis', 'legalbasisforprocessing', 'rechtsgrundlage'],
};

/** The name of a column without case, accents and everything but letters and digits. */
export const keyOf = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');

/** Two columns between which nobody can choose. */
export interface AlikeColumns {
  /** Their numbers in the header, from 1 on. */
  readonly numbers: readonly [number, number];
  /** What both are about, if that is how they are alike: `E-Mail` and `email` are one name to us. */
  readonly field?: Field;
}

/** The first two columns with the same name, or with names that are read as the same one. */
export function alikeColumns(columns: readonly string[]): AlikeColumns | undefined {
  const seen = new Map<string, number>();
  for (const [index, column] of columns.entries()) {
    const key = keyOf(column);
    const field = FIELDS.find((one) => NAMES[one].includes(key));
    // What nobody reads need only be told apart in the report.
    const name = field === undefined ? column.trim().toLowerCase() : key;
    const first = seen.get(name);
    if (first !== undefined) return { numbers: [first + 1, index + 1], field };
    if (name !== '') seen.set(name, index);
  }
  return undefined;
}

export function mappingOf(columns: readonly string[]): Mapping {
  const keys = columns.map(keyOf);
  const entries = FIELDS.map((field): [Field, number[]] => {
    return [field, NAMES[field].map((name) => keys.indexOf(name)).filter((index) => index >= 0)];
  });
  return Object.fromEntries(entries) as Record<Field, number[]>;
}
