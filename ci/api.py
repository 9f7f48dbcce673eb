#!/usr/bin/env python3
"""Lists the public API of the libraries, one line per item, from rustdoc's JSON.

api.py check DOCS   compares the listings, FOLDER/api.txt, with DOCS/*.json; and counts the examples
api.py write DOCS   writes the listings

The lists are kept in the repository, so that a change of an API is a line of a diff. Every public type, trait and
function has an example in its documentation, except errors and those of PASSIVE: a caller gets these from another item,
whose example shows them.
"""

import difflib
import json
import re
import sys
from pathlib import Path

LIBRARIES = ["aez", "chat", "mixdelay", "pki-types", "pq-kem", "sha256", "sphinx", "wire"]
# chat is the library of one program
WITHOUT_EXAMPLES = ["chat"]
ERRORS = re.compile("(Error|Fault|Status|BeforeZero|BufferTooSmall|EmptyComponent|Full|LowOrder|Keys?Length|WrongScheme)$")
INITIATOR = ["AwaitMessage2", "AwaitMessage4", "AwaitNoOp", "AwaitNoOpBody", "AwaitPeer", "CheckPeer", "SendMessage3"]
RESPONDER = ["AwaitMessage3", "CheckPeer", "SendMessage2", "SendMessage4", "SendNoOp", "UnprovenSession"]
PASSIVE = {
    "mixwell_aez": "Backend",
    "mixwell_sha256": "Backend",
    "mixwell_mixdelay": "DropReason Dropped Tally Tick",
    "mixwell_pki_types": "Capability Chunk Encoding Layer LoopStats Place Rates Replica ReplicaUpload Texts "
    "build::ReplicaBuilder cbor::Array cbor::Kind",
    "mixwell_pq_kem": "AdapterKey Component KeyKind KeyLength MlKem768Key MlKem768X25519Key MlKem768X448Key "
    "X25519Prepared X25519Product X448Product XWingKey hazmat::limit_x25519 nike::Unprepared pem::Kind",
    "mixwell_sphinx": "Field",
    # of the states of a handshake the first ones have examples
    "mixwell_wire": "Body Statement Want blocking::Timed "
    + " ".join([f"initiator::{name}" for name in INITIATOR] + [f"responder::{name}" for name in RESPONDER]),
}


class Api:
    def __init__(self, docs):
        self.index = docs["index"]
        self.lines = set()
        # path of each type, trait and free function: whether it has an example
        self.examples = {}
        root = self.index[str(docs["root"])]
        self.module(root, root["name"])

    def item(self, number):
        return self.index.get(str(number))

    def module(self, module, path):
        for number in module["inner"]["module"]["items"]:
            self.entry(self.item(number), path)

    def entry(self, item, path):
        """An item of a module, whose name may be given by the `use` that exports it."""
        name = item["name"]
        if "use" in item["inner"]:
            use = item["inner"]["use"]
            target = self.item(use["id"]) if use["id"] is not None else None
            if target is None:
                self.add(f"pub use {path}::{use['name']} = {use['source']}")
                return
            if use["is_glob"]:
                self.module(target, path)
                return
            item, name = target, use["name"]
        if item["visibility"] != "public":
            return
        path = f"{path}::{name}"
        kind, inner = next(iter(item["inner"].items()))
        if kind == "module":
            self.add(f"pub mod {path}")
            self.module(item, path)
        elif kind == "function":
            self.example(path, item)
            self.function(path, inner, item)
        elif kind in ("struct", "enum", "union", "trait"):
            self.example(path, item)
            getattr(self, kind)(path, inner, item)
        elif kind == "constant":
            self.add(f"pub const {path}: {self.type(inner['type'])}{self.value(inner['const'])}")
        elif kind == "static":
            self.add(f"pub static {path}: {self.type(inner['type'])}")
        elif kind == "type_alias":
            self.add(f"pub type {path}{self.generics(inner['generics'])} = {self.type(inner['type'])}")
        elif kind in ("macro", "proc_macro"):
            self.add(f"pub macro {path}!")
        else:
            raise ValueError(f"{path}: an item of the kind {kind}")

    def add(self, line):
        self.lines.add(re.sub(r"\s+", " ", line))

    def example(self, path, item):
        blocks = re.findall(r"^ {0,3}```(.*)$", item["docs"] or "", re.MULTILINE)[::2]
        self.examples[path] = any(not re.search("text|ignore|toml|sh|console", block) for block in blocks)

    def attributes(self, item):
        return "#[non_exhaustive] " if "non_exhaustive" in json.dumps(item["attrs"]) else ""

    # types with their parts

    def struct(self, path, inner, item):
        kind, fields = inner["kind"], ""
        if kind == "unit":
            fields = ""
        elif "tuple" in kind:
            shown = [self.item(n) if n is not None else None for n in kind["tuple"]]
            fields = "(" + ", ".join(self.field(f) if f else "_" for f in shown) + ")"
        else:
            shown = [self.item(n) for n in kind["plain"]["fields"]]
            for field in shown:
                if field and field["visibility"] == "public":
                    self.add(f"pub field {path}::{field['name']}: {self.type(field['inner']['struct_field'])}")
            fields = " { .. }" if kind["plain"]["has_stripped_fields"] else " { }"
        self.add(f"{self.attributes(item)}pub struct {path}{self.generics(inner['generics'])}{fields}")
        self.impls(path, inner["impls"])

    def field(self, field):
        return ("pub " if field["visibility"] == "public" else "") + self.type(field["inner"]["struct_field"])

    def enum(self, path, inner, item):
        self.add(f"{self.attributes(item)}pub enum {path}{self.generics(inner['generics'])}")
        for number in inner["variants"]:
            variant = self.item(number)
            kind = variant["inner"]["variant"]["kind"]
            if kind == "plain":
                fields = ""
            elif "tuple" in kind:
                parts = [self.item(n) if n is not None else None for n in kind["tuple"]]
                fields = ", ".join(self.type(part["inner"]["struct_field"]) if part else "_" for part in parts)
                fields = f"({fields})"
            else:
                parts = [self.item(n) for n in kind["struct"]["fields"]]
                fields = [f"{part['name']}: {self.type(part['inner']['struct_field'])}" for part in parts if part]
                fields = f" {{ {', '.join(fields)} }}"
            value = variant["inner"]["variant"]["discriminant"]
            value = f" = {value['expr']}" if value else ""
            self.add(f"{self.attributes(variant)}pub variant {path}::{variant['name']}{fields}{value}")
        self.impls(path, inner["impls"])

    def trait(self, path, inner, item):
        bounds = self.bounds(inner["bounds"])
        unsafe = "unsafe " if inner["is_unsafe"] else ""
        self.add(f"pub {unsafe}trait {path}{self.generics(inner['generics'])}{': ' + bounds if bounds else ''}")
        for number in inner["items"]:
            self.associated(path, self.item(number), provided=True)

    def impls(self, path, numbers):
        traits = {}
        for number in numbers:
            impl = self.item(number)
            if impl is None:
                continue
            impl = impl["inner"]["impl"]
            of_type = f"{path.rsplit('::', 1)[0]}::{self.type(impl['for'])}"
            of = f"{self.generics(impl['generics'])} {of_type}{self.where(impl['generics'])}"
            if impl["trait"] is None:
                for part in impl["items"]:
                    part = self.item(part)
                    if part and part["visibility"] == "public":
                        self.associated(path, part, f" in impl{of}" if "<" in of else "")
                continue
            trait = self.path(impl["trait"])
            if impl["is_synthetic"]:
                # those that a type lacks are rare, and matter
                if impl["is_negative"] and trait in ("Send", "Sync", "Unpin"):
                    traits.setdefault(of, []).append(f"!{trait}")
            elif impl["blanket_impl"] is None and trait != "StructuralPartialEq":
                traits.setdefault(of, []).append(trait)
        for of, names in traits.items():
            self.add(f"impl{of}: {', '.join(sorted(names))}")

    def associated(self, path, part, of="", provided=False):
        kind, inner = next(iter(part["inner"].items()))
        name = f"{path}::{part['name']}"
        if kind == "function":
            self.function(name, inner, part, of, " { .. }" if provided and inner["has_body"] else "")
        elif kind == "assoc_const":
            value = f" = {inner['value']}" if inner.get("value") is not None else ""
            self.add(f"pub const {name}: {self.type(inner['type'])}{value}{of}")
        elif kind == "assoc_type":
            bounds = self.bounds(inner["bounds"])
            value = f" = {self.type(inner['type'])}" if inner["type"] else ""
            self.add(f"pub type {name}{self.generics(inner['generics'])}{': ' + bounds if bounds else ''}{value}{of}")

    def function(self, path, inner, item, of="", body=""):
        header, signature = inner["header"], inner["sig"]
        words = [word for word in ("const", "async", "unsafe") if header[f"is_{word}"]]
        inputs = ", ".join(f"{name}: {self.type(kind)}" for name, kind in signature["inputs"])
        inputs = re.sub(r"^self: (&(?:'\w+ )?(?:mut )?)?Self\b", lambda found: (found[1] or "") + "self", inputs)
        output = f" -> {self.type(signature['output'])}" if signature["output"] else ""
        must_use = "#[must_use] " if "must_use" in json.dumps(item["attrs"]) else ""
        generics = inner["generics"]
        head = f"{must_use}pub {' '.join([*words, 'fn'])} {path}{self.generics(generics)}"
        self.add(f"{head}({inputs}){output}{self.where(generics)}{of}{body}")

    # signatures

    def value(self, const):
        return f" = {const['value'] or const['expr']}" if const else ""

    def generics(self, generics):
        shown = []
        for parameter in generics["params"]:
            kind, inner = next(iter(parameter["kind"].items()))
            if kind == "lifetime":
                outlives = f": {' + '.join(inner['outlives'])}" if inner["outlives"] else ""
                shown.append(parameter["name"] + outlives)
            elif kind == "type" and not inner["is_synthetic"]:
                bounds = self.bounds(inner["bounds"])
                default = f" = {self.type(inner['default'])}" if inner["default"] else ""
                shown.append(parameter["name"] + (f": {bounds}" if bounds else "") + default)
            elif kind == "const":
                default = f" = {inner['default']}" if inner["default"] else ""
                shown.append(f"const {parameter['name']}: {self.type(inner['type'])}{default}")
        return f"<{', '.join(shown)}>" if shown else ""

    def where(self, generics):
        shown = []
        for predicate in generics["where_predicates"]:
            kind, inner = next(iter(predicate.items()))
            if kind == "bound_predicate":
                shown.append(f"{self.type(inner['type'])}: {self.bounds(inner['bounds'])}")
            elif kind == "lifetime_predicate":
                shown.append(f"{inner['lifetime']}: {' + '.join(inner['outlives'])}")
            else:
                shown.append(f"{self.type(inner['lhs'])} = {self.term(inner['rhs'])}")
        return f" where {', '.join(shown)}" if shown else ""

    def bounds(self, bounds):
        shown = []
        for bound in bounds:
            kind, inner = next(iter(bound.items()))
            if kind == "trait_bound":
                modifier = {"none": "", "maybe": "?", "maybe_const": "~const "}[inner["modifier"]]
                higher = self.generics({"params": inner["generic_params"]})
                shown.append(f"{'for' + higher + ' ' if higher else ''}{modifier}{self.path(inner['trait'])}")
            elif kind == "outlives":
                shown.append(inner)
            else:
                shown.append("use<" + ", ".join(next(iter(part.values())) for part in inner) + ">")
        return " + ".join(shown)

    def path(self, path):
        return path["path"].split("::")[-1] + self.arguments(path["args"])

    def arguments(self, arguments):
        if not arguments:
            return ""
        if "parenthesized" in arguments:
            inner = arguments["parenthesized"]
            output = f" -> {self.type(inner['output'])}" if inner["output"] else ""
            return f"({', '.join(map(self.type, inner['inputs']))}){output}"
        shown = []
        for argument in arguments["angle_bracketed"]["args"]:
            if argument == "infer":
                shown.append("_")
                continue
            kind, inner = next(iter(argument.items()))
            if kind == "type":
                shown.append(self.type(inner))
            else:
                shown.append(inner["expr"] if kind == "const" else inner)
        for constraint in arguments["angle_bracketed"]["constraints"]:
            name = constraint["name"] + self.arguments(constraint["args"])
            kind, inner = next(iter(constraint["binding"].items()))
            shown.append(f"{name} = {self.term(inner)}" if kind == "equality" else f"{name}: {self.bounds(inner)}")
        return f"<{', '.join(shown)}>" if shown else ""

    def term(self, term):
        return self.type(term["type"]) if "type" in term else term["constant"]["expr"]

    def type(self, kind):
        if kind == "infer":
            return "_"
        kind, inner = next(iter(kind.items()))
        match kind:
            case "resolved_path":
                return self.path(inner)
            case "generic" | "primitive":
                return inner
            case "tuple":
                return f"({', '.join(map(self.type, inner))}{',' if len(inner) == 1 else ''})"
            case "slice":
                return f"[{self.type(inner)}]"
            case "array":
                return f"[{self.type(inner['type'])}; {inner['len']}]"
            case "impl_trait":
                return f"impl {self.bounds(inner)}"
            case "dyn_trait":
                traits = [self.path(part["trait"]) for part in inner["traits"]]
                return "dyn " + " + ".join([*traits, *([inner["lifetime"]] if inner["lifetime"] else [])])
            case "borrowed_ref":
                lifetime = f"{inner['lifetime']} " if inner["lifetime"] else ""
                return f"&{lifetime}{'mut ' if inner['is_mutable'] else ''}{self.type(inner['type'])}"
            case "raw_pointer":
                return f"*{'mut' if inner['is_mutable'] else 'const'} {self.type(inner['type'])}"
            case "qualified_path":
                of, trait = self.type(inner["self_type"]), self.path(inner["trait"]) if inner["trait"] else ""
                of = f"<{of} as {trait}>" if trait else of
                return f"{of}::{inner['name']}{self.arguments(inner['args'])}"
            case "function_pointer":
                signature = inner["sig"]
                output = f" -> {self.type(signature['output'])}" if signature["output"] else ""
                return f"fn({', '.join(self.type(part) for _, part in signature['inputs'])}){output}"
        raise ValueError(f"a type of the kind {kind}")


def key(line):
    """Sorts by path, so that what belongs to a type stands below it."""
    path = re.search(r"mixwell_\w+(::\w+)*", line)
    return (path.group() if path else "", not re.search(r"pub (struct|enum|trait|union) ", line), line)


def main():
    action, docs = sys.argv[1], Path(sys.argv[2])
    changed, lacking = [], []
    for library in LIBRARIES:
        name = f"mixwell_{library.replace('-', '_')}"
        api = Api(json.loads((docs / f"{name}.json").read_text()))
        listing = "".join(line + "\n" for line in sorted(api.lines, key=key))
        file = Path(library) / "api.txt"
        if action == "write":
            file.write_text(listing)
        else:
            kept = file.read_text() if file.exists() else ""
            names = (f"{file}, kept", f"{file}, now")
            changed += difflib.unified_diff(kept.splitlines(), listing.splitlines(), *names, lineterm="", n=0)
        if library not in WITHOUT_EXAMPLES:
            passive = {f"{name}::{item}" for item in PASSIVE[name].split()}
            active = {path for path in api.examples if not ERRORS.search(path) and path not in passive}
            lacking += sorted(path for path in active if not api.examples[path])
            count = sum(api.examples[path] for path in active)
            shown = f"{count} of {len(active)} types and functions to start from have an example"
            print(f"{name}: {len(api.lines)} lines of API; {shown}")
    if lacking:
        print("\n".join(["without an example:", *lacking]), file=sys.stderr)
    if changed:
        print("\n".join(changed), file=sys.stderr)
        print("the public API has changed: `ci/steps/api.sh write` lists it anew, if that was meant", file=sys.stderr)
    sys.exit(bool(lacking or changed))


main()
