declare module 'kafkajs/src/network/connection.js' {
  const Connection: { prototype: object };
  export default Connection;
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  const RequestQueue: { prototype: object };
  export default RequestQueue;
}

declare module 'kafkajs/src/protocol/encoder.js' {
  interface Encoder {
    buf: Buffer;
    offset: number;
    ensureAvailable(this: Encoder, length: number): void;
  }
  const Encoder: { prototype: Encoder; nextPowerOfTwo(value: number): number; lean?: boolean };
  export default Encoder;
}
