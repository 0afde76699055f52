import { getMetadataStorage, type MetadataStorage } from 'class-validator';

type Rules = ReturnType<MetadataStorage['getTargetValidationMetadatas']>;
type RulesByProperty = ReturnType<MetadataStorage['groupByPropertyName']>;

/**
 * class-validator 0.15 goes through the rules of every class of the process for each object it validates, and groups those of
 * the object's class by property again. Both are remembered here for each class, until another rule is declared. Whoever
 * asks for groups or `always` is answered as before.
 */
export function leanValidation(storage = getMetadataStorage() as LeanStorage): void {
  if (storage.lean) return;
  storage.lean = true;
  const { addValidationMetadata, getTargetValidationMetadatas, groupByPropertyName } = storage;
  let ofClass = new WeakMap<Function, Rules>();
  const grouped = new WeakMap<Rules, RulesByProperty>();
  storage.addValidationMetadata = (rule) => {
    ofClass = new WeakMap();
    addValidationMetadata.call(storage, rule);
  };
  storage.getTargetValidationMetadatas = (target, schema, always, strictGroups, groups) => {
    const find = (): Rules => getTargetValidationMetadatas.call(storage, target, schema, always, strictGroups, groups);
    if (always || strictGroups || groups) return find();
    return remembered(ofClass, target, find);
  };
  storage.groupByPropertyName = (rules) => remembered(grouped, rules, () => groupByPropertyName.call(storage, rules));
}

interface LeanStorage extends MetadataStorage {
  lean?: boolean;
}

function remembered<K extends object, V>(known: WeakMap<K, V>, key: K, find: () => V): V {
  const value = known.get(key) ?? find();
  known.set(key, value);
  return value;
}
