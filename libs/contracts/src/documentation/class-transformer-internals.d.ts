declare module 'class-transformer/cjs/storage.js' {
  /** Where @Type keeps which class a nested field has; not exported by the package's entry. */
  export const defaultMetadataStorage: never;
}
