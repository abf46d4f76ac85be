import SyncModel
import Testing

/// Numbers that are the same on every run (Knuth's MMIX constants).
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        // The low bits of such a generator repeat soon.
        return state >> 32 | state << 32
    }

    mutating func octets(upTo count: Int, from alphabet: [UInt8]) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &self)).map { _ in alphabet.randomElement(using: &self) ?? 0 }
    }
}

struct DistinguishedNameTests {
    struct Reading: Sendable {
        var text: String
        var rdns: [[(String, Octets)]]
        init(_ text: String, _ rdns: [(String, Octets)]...) {
            self.text = text
            self.rdns = rdns
        }
        var name: DistinguishedName {
            DistinguishedName(
                rdns.map { rdn in
                    RelativeDistinguishedName(rdn.map { RelativeDistinguishedName.Assertion(type: $0.0, value: $0.1) })
                }
            )
        }
    }

    @Test(arguments: [
        Reading(""),
        Reading("   "),
        Reading("dc=test", [("dc", "test")]),
        Reading("CN=Ann,DC=syncline,DC=test", [("CN", "Ann")], [("DC", "syncline")], [("DC", "test")]),
        // RFC 4514 §4.
        Reading("UID=jsmith,DC=example", [("UID", "jsmith")], [("DC", "example")]),
        Reading("OU=Sales+CN=J.  Smith,DC=net", [("OU", "Sales"), ("CN", "J.  Smith")], [("DC", "net")]),
        Reading(#"CN=James \"Jim\" Smith\, III,DC=net"#, [("CN", #"James "Jim" Smith, III"#)], [("DC", "net")]),
        Reading(#"CN=Before\0dAfter,DC=net"#, [("CN", "Before\rAfter")], [("DC", "net")]),
        Reading("1.3.6.1.4.1.1466.0=#04024869", [("1.3.6.1.4.1.1466.0", "Hi")]),
        Reading(#"CN=Lu\C4\8Di\C4\87"#, [("CN", "Lučić")]),
        // Escapes.
        Reading(##"CN=\,\+\"\\\<\>\;\=\#\ "##, [("CN", #",+"\<>;=# "#)]),
        Reading(#"CN=\ a\ "#, [("CN", " a ")]),
        Reading(#"CN=a\  ,O=b"#, [("CN", "a ")], [("O", "b")]),
        Reading(#"CN=a\20  ,O=b"#, [("CN", "a ")], [("O", "b")]),
        Reading(#"CN=\ "#, [("CN", " ")]),
        Reading(#"CN=\00"#, [("CN", Octets([0]))]),
        Reading(#"CN=\ff\FE"#, [("CN", Octets([0xFF, 0xFE]))]),
        Reading(#"CN=a\2Cb"#, [("CN", "a,b")]),
        Reading("CN=a=b#c", [("CN", "a=b#c")]),
        Reading("CN=a<b>c", [("CN", "a<b>c")]),
        Reading("CN=", [("CN", "")]),
        Reading("CN=,O=", [("CN", "")], [("O", "")]),
        Reading("CN=+O=x", [("CN", ""), ("O", "x")]),
        // Names that AD makes of conflicting and of deleted entries.
        Reading(
            #"CN=Ann\0ACNF:6f1c0a58-0e3b-4f0c-9d43-111111111111,DC=test"#,
            [("CN", "Ann\nCNF:6f1c0a58-0e3b-4f0c-9d43-111111111111")],
            [("DC", "test")]
        ),
        Reading(
            #"CN=Ann\0ADEL:6f1c0a58-0e3b-4f0c-9d43-111111111111,CN=Deleted Objects"#,
            [("CN", "Ann\nDEL:6f1c0a58-0e3b-4f0c-9d43-111111111111")],
            [("CN", "Deleted Objects")]
        ),
        // RFC 2253 and RFC 1779.
        Reading("  CN = Ann ; O = x  ", [("CN", "Ann")], [("O", "x")]),
        Reading("CN=a + O=b , C=d", [("CN", "a"), ("O", "b")], [("C", "d")]),
        Reading(#"CN="Ann, Lee; + <x>" , O="""#, [("CN", "Ann, Lee; + <x>")], [("O", "")]),
        Reading(#"CN=" a \"b\" \41 ",O=x"#, [("CN", #" a "b" A "#)], [("O", "x")]),
        Reading("OID.2.5.4.3=a,oid.2.5.4.10=b", [("2.5.4.3", "a")], [("2.5.4.10", "b")]),
        Reading("oidc=a", [("oidc", "a")]),
        Reading("my_type-2=a", [("my_type-2", "a")]),
        Reading("CN=#0C03C3A961", [("CN", "éa")]),
        Reading("CN=#04810161 ,O=x", [("CN", "a")], [("O", "x")]),
        Reading("CN=#0400", [("CN", "")]),
    ])
    func textReadsAs(_ reading: Reading) throws {
        let name = try DistinguishedName(parsing: reading.text)
        #expect(name == reading.name)
        #expect(try DistinguishedName(parsing: name.description) == name)
        #expect(try DistinguishedName(parsing: name.description).normalized == name.normalized)
        #expect(try DistinguishedName(parsing: Octets(reading.text)) == name)
    }

    @Test(arguments: [
        ("a", 1), ("=a", 0), ("CN", 2), (",", 0), ("CN=a,", 5), ("CN=a,,O=b", 5), ("CN=a+", 5), ("é=a", 0),
        ("CN=é,?", 5),
        (#"CN=a\"#, 4), (#"CN=a\4"#, 4), (#"CN=a\4x"#, 4), (#"CN=a\zz"#, 4), (#"CN=a"b"#, 4), (#"CN="ab"#, 3),
        (#"CN="a"b"#, 6), ("CN=#", 3), ("CN=#0", 4), ("CN=#0403", 3), ("CN=#0201", 3), ("CN=#020101", 3),
        ("CN=#0402486", 10),
        ("CN=#04024869x", 12), ("2.5..4=a", 4), ("2.5.=a", 4), (".5=a", 0), ("OID.cn=a", 4), ("2x=a", 1),
        ("CN=a\u{0}", 4),
        ("CN=#04850000000001", 3), ("CN=#0480", 3), ("<GUID=6f1c0a58>", 0),
    ])
    func malformedTextIsRefusedWithItsPosition(_ text: String, _ position: Int) {
        let error = #expect(throws: DistinguishedNameError.self) { try DistinguishedName(parsing: text) }
        #expect(error?.position == position, "\(text): \(error.debugDescription)")
    }

    @Test func tooLongTextIsRefused() {
        let text = "CN=" + String(repeating: "a", count: DistinguishedName.maximumOctets)
        #expect(throws: DistinguishedNameError.self) { try DistinguishedName(parsing: text) }
    }

    @Test(arguments: [
        (",", #"\,"#), ("+", #"\+"#), ("\"", #"\""#), ("\\", #"\\"#), ("<", #"\<"#), (">", #"\>"#), (";", #"\;"#),
        ("#", ##"\#"##), ("a#", "a#"), (" ", #"\ "#), ("  ", #"\ \ "#), (" a b ", #"\ a b\ "#), ("\u{0}", #"\00"#),
        ("=", "="), ("\n", #"\0A"#), ("\u{7F}", #"\7F"#), ("é", "é"), ("e\u{301}", "e\u{301}"), ("日本", "日本"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
    ])
    func valueIsEscapedAs(_ value: String, _ escaped: String) {
        let rdn = RelativeDistinguishedName(type: "CN", value: Octets(value))
        #expect(Array(rdn.description.utf8) == Array("CN=\(escaped)".utf8))
    }

    @Test(arguments: [([0xFF], #"\FF"#), ([0x61, 0xC3, 0xA9, 0x80], #"a\C3\A9\80"#)] as [([UInt8], String)])
    func invalidUTF8IsWrittenInHex(_ bytes: [UInt8], _ escaped: String) {
        #expect(RelativeDistinguishedName(type: "CN", value: Octets(bytes)).description == "CN=\(escaped)")
    }

    static let octetStrings: [[UInt8]] =
        (0...255).map { [$0] } + (0...255).map { [0x61, $0] } + (0...255).map { [$0, 0x61] }
        + (0...255).map { [0x20, $0, 0x20] } + [
            [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xF0, 0x9F], Array("e\u{301}".utf8),
        ]

    @Test func everyValueComesBackAsItWas() throws {
        for first in Self.octetStrings {
            let single = DistinguishedName([RelativeDistinguishedName(type: "CN", value: Octets(first))])
            #expect(try DistinguishedName(parsing: single.description) == single)
            let multiple = RelativeDistinguishedName([
                RelativeDistinguishedName.Assertion(type: "cn", value: Octets(first)),
                RelativeDistinguishedName.Assertion(type: "uid", value: Octets(first.reversed())),
            ])
            #expect(try RelativeDistinguishedName(parsing: multiple.description) == multiple)
            let below = single.child(multiple)
            #expect(try DistinguishedName(parsing: below.description) == below)
        }
    }

    @Test func parsingSurvivesAnyText() {
        var numbers = SeededNumbers(state: 20_261_123)
        let alphabet = Array("aCN=,;+\\\"#<> 0123456789.ABCDEF\u{0}\n".utf8) + [0xC3, 0xA9, 0xFF]
        var accepted = 0
        for _ in 0..<50_000 {
            let octets = Octets(numbers.octets(upTo: 24, from: alphabet))
            for text in [octets, Octets(Array("CN=".utf8) + octets.bytes)] {
                guard let name = try? DistinguishedName(parsing: text) else { continue }
                accepted += 1
                #expect((try? DistinguishedName(parsing: name.description)) == name)
            }
            _ = try? RelativeDistinguishedName(parsing: octets.lossyText)
        }
        #expect(accepted > 1000)
    }

    @Test func everyCutOfANameIsReadOrRefused() {
        let text = Array(#"OU=A\2C\ b+CN="q\"x";2.5.4.3=#0C03C3A961, dc = é\ "#.utf8)
        for end in 0...text.count { _ = try? DistinguishedName(parsing: Octets(text[..<end])) }
    }

    @Test(arguments: [
        ("CN=Ann,DC=Test", "cn=ANN,dc=test"),
        ("CN= a   b ,O=x", "cn=A B,o=X"),
        (#"CN=\ a\ "#, "cn=a"),
        ("2.5.4.3=a", "CN=a"),
        ("commonName=a", "CN=a"),
        ("0.9.2342.19200300.100.1.25=a", "dc=a"),
        ("userid=a,domainComponent=b", "UID=A,DC=B"),
        ("CN=a+UID=b", "uid=B+cn=A"),
        ("CN=ÄÖ", "cn=äö"),
        ("CN=e\u{301}", "CN=é"),
        ("CN=E\u{301}", "CN=é"),
        (#"CN=\2C"#, #"CN=\,"#),
        (#"CN=\FF"#, #"cn=\ff"#),
        (#"CN="a, b""#, #"CN=a\, b"#),
        ("CN=a;O=b", "CN=a,O=b"),
    ])
    func namesAreTheSame(_ left: String, _ right: String) throws {
        let (left, right) = (try DistinguishedName(parsing: left), try DistinguishedName(parsing: right))
        #expect(left.normalized == right.normalized)
        #expect(left.isEqualOrDescendant(of: right))
        #expect(!left.isDescendant(of: right))
    }

    @Test(arguments: [
        ("CN=a", "OU=a"), ("CN=a,O=b", "O=b,CN=a"), (#"CN=a\,O=b"#, "CN=a,O=b"), (#"CN=a\+O=b"#, "CN=a+O=b"),
        (#"CN=a\\,O=b"#, #"CN=a\,O=b"#), ("CN=a", "CN=a,O=b"), ("CN=ab", "CN=a b"), ("CN=a", "CN=ä"),
        ("CN=", #"CN=\ "#),
        (#"CN=a\0ACNF:b"#, "CN=a CNF:b"), (#"CN=\FF"#, #"CN=\FE"#), ("street=a", "streetAddress=a"), ("", "CN="),
        (#"CN=\C3\A9\80"#, #"CN=é"#),
    ])
    func namesDiffer(_ left: String, _ right: String) throws {
        #expect(try DistinguishedName(parsing: left).normalized != DistinguishedName(parsing: right).normalized)
    }

    @Test func keysAreTheSameOnlyForTheSameComponents() {
        // Built and not parsed, so that types may hold anything.
        var numbers = SeededNumbers(state: 7)
        var seen: [Octets: [Octets]] = [:]
        for _ in 0..<20_000 {
            let rdns = (0..<Int.random(in: 0...3, using: &numbers)).map { _ in
                RelativeDistinguishedName(
                    (0..<Int.random(in: 1...2, using: &numbers)).map { _ in
                        RelativeDistinguishedName.Assertion(
                            type: Octets(numbers.octets(upTo: 2, from: Array("a=,+\\".utf8))).lossyText,
                            value: Octets(numbers.octets(upTo: 2, from: Array("a=,+\\".utf8)))
                        )
                    }
                )
            }
            let key = DistinguishedName(rdns).normalized
            let components = rdns.map(\.normalized)
            #expect(seen[key, default: components] == components)
            seen[key] = components
        }
    }

    @Test func normalisingIsIdempotent() throws {
        for bytes in Self.octetStrings {
            let once = CaseFolding.fold(bytes)
            #expect(CaseFolding.fold(once) == once)
        }
    }

    @Test func relationsFollowTheTree() throws {
        let base = try DistinguishedName(parsing: "DC=syncline,DC=test")
        let unit = try DistinguishedName(parsing: "ou=People, dc=SYNCLINE, dc=TEST")
        let entry = try DistinguishedName(parsing: "CN=Ann,OU=people,DC=syncline,DC=test")
        let other = try DistinguishedName(parsing: "OU=More People,DC=syncline,DC=test")
        let root = DistinguishedName([])
        #expect(root.isRoot && root.parent == nil && root.leaf == nil && root.description.isEmpty)
        #expect(!base.isRoot && base.parent?.description == "DC=test" && base.leaf?.description == "DC=syncline")
        #expect(entry.isDescendant(of: unit) && entry.isDescendant(of: base) && entry.isDescendant(of: root))
        #expect(!unit.isDescendant(of: entry) && !entry.isDescendant(of: other) && !root.isDescendant(of: root))
        #expect(unit.isEqualOrDescendant(of: unit) && root.isEqualOrDescendant(of: root))
        #expect(entry.relative(to: base)?.map(\.description) == ["CN=Ann", "OU=people"])
        #expect(entry.relative(to: entry) == [])
        #expect(base.relative(to: entry) == nil && entry.relative(to: other) == nil)
        #expect(entry.relative(to: root) == entry.rdns)
        #expect(unit.child(RelativeDistinguishedName(type: "cn", value: "Ann")).normalized == entry.normalized)
        #expect(entry.parent?.normalized == unit.normalized)
    }

    @Test func errorsHoldNothingOfTheText() {
        let error = #expect(throws: DistinguishedNameError.self) { try DistinguishedName(parsing: #"CN=secret\zz"#) }
        #expect(error?.description.contains("secret") == false)
    }
}
