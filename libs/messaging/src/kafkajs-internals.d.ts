declare module 'kafkajs/src/network/connection.js' {
  const Connection: { prototype: object };
  export default Connection;
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  const RequestQueue: { prototype: object };
  export default RequestQueue;
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export interface KafkaEncoder {
    buf: Buffer;
    offset: number;
    ensureAvailable(this: KafkaEncoder, length: number): void;
    writeVarInt(this: KafkaEncoder, value: number): KafkaEncoder;
    writeUVarInt(this: KafkaEncoder, value: number): KafkaEncoder;
    writeVarLong(this: KafkaEncoder, value: unknown): KafkaEncoder;
  }
  const Encoder: {
    prototype: KafkaEncoder;
    nextPowerOfTwo(value: number): number;
    sizeOfVarInt(value: number): number;
    sizeOfVarLong(value: unknown): number;
    lean?: boolean;
  };
  export default Encoder;
}
