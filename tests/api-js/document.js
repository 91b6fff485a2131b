// The OpenAPI document as a judge of answers.
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export class Document {
  constructor(document) {
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(this.ajv);
    // .NET's names for sizes of numbers; the type says the rest.
    for (const format of ['int32', 'int64', 'double', 'float']) this.ajv.addFormat(format, true);
    this.ajv.addSchema(document, 'eco2');
    this.validators = new Map();
    this.operations = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      operation,
      // Paths without parameters first: /scan/models is no scan.
      parameters: (path.match(/\{/g) ?? []).length,
      matches: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
    }))).sort((a, b) => a.parameters - b.parameters);
  }

  /** What of a value is not as a schema of the document says. */
  misfits(schema, value) {
    const pointed = JSON.parse(JSON.stringify(schema ?? true).replaceAll('"#/', '"eco2#/'));
    const validate = this.ajv.compile(pointed);
    return validate(value) ? [] : validate.errors.map(error => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
  }

  find(method, path) {
    return this.operations.find(one => one.method === method && one.matches.test(path));
  }

  /** What is wrong with an answer; nothing if nothing is. */
  complaints({ method, path, status, type, body }) {
    const found = this.find(method, path);
    if (!found) return [`${method} ${path} is in no document`];
    const described = found.operation.responses[status] ? String(status) : status >= 400 ? 'default' : null;
    if (!described) return [`${found.id} answered ${status}, which its document does not know`];
    const media = Object.keys(found.operation.responses[described].content ?? {}).find(one => type.startsWith(one));
    if (!media) return /json/.test(type) && body.length > 0 ? [`${found.id} answered ${status} with ${type}, which its document does not know`] : [];
    if (!/json/.test(media) || !found.operation.responses[described].content[media].schema) return [];
    const pointer = ['paths', found.path, found.method.toLowerCase(), 'responses', described, 'content', media, 'schema'];
    const ref = `eco2#/${pointer.map(part => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
    if (!this.validators.has(ref)) this.validators.set(ref, this.ajv.compile({ $ref: ref }));
    const validate = this.validators.get(ref);
    return validate(JSON.parse(body)) ? [] : validate.errors.map(error => `${found.id} ${status} ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
  }
}
