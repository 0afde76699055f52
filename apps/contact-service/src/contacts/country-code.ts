/** The code of a country (ISO 3166-1 alpha-2) in capitals, as filters know it. What is none stays as it is, to be refused. */
export const countryCode = (said: string): string => (/^[a-z]{2}$/i.test(said) ? said.toUpperCase() : said);
