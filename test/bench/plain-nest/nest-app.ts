import { type DynamicModule, Inject, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, type KafkaOptions, Transport } from '@nestjs/microservices';
import { TypeOrmModule } from '@nestjs/typeorm';

const KAFKA = 'KAFKA';

export const InjectKafka = (): ParameterDecorator => Inject(KAFKA);

export interface NestApp {
  readonly name: string;
  readonly entities: Type[];
  readonly controllers: Type[];
}

@Module({})
class AppModule {
  static of({ name, entities, controllers }: NestApp): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: process.env.DATABASE_URL, entities, synchronize: true }),
        TypeOrmModule.forFeature(entities),
        ClientsModule.register([{ name: KAFKA, ...kafka(name) }]),
      ],
      controllers,
    };
  }
}

/** A Nest microservice as the documentation builds one; partitions are worked on side by side, as far as Kafka allows. */
export async function serve(app: NestApp): Promise<void> {
  const { producerOnlyMode: _, ...options } = kafka(app.name).options!;
  const service = await NestFactory.createMicroservice(AppModule.of(app), {
    transport: Transport.KAFKA,
    options: { ...options, subscribe: { fromBeginning: true }, run: { partitionsConsumedConcurrently: 4 } },
    logger: ['error', 'warn'],
  });
  await service.listen();
  process.on('SIGTERM', () => void service.close().then(() => process.exit(0)));
  process.stdout.write('ready\n');
}

function kafka(name: string): KafkaOptions {
  return {
    transport: Transport.KAFKA,
    options: {
      client: { clientId: name, brokers: process.env.KAFKA_BROKERS!.split(',') },
      consumer: { groupId: `plain-${name}` },
      producerOnlyMode: true,
    },
  };
}
