import SyncModel
import Testing

struct FilterParserTests {
    @Test(
        arguments: [
            ("objectClass=*", .present("objectClass")),
            ("  ( & ( a=b ) (c=*) )  ", .and([.equality("a", "b "), .present("c")])),
            ("( ! (a=b) )", .not(.equality("a", "b"))),
            ("(a =b)", .equality("a", "b")),
            ("(a= b)", .equality("a", " b")),
            (#"(cn=\c3\A9)"#, .equality("cn", "é")),
            (
                #"(o=Parens R Us \28for all your parenthetical needs\29)"#,
                .equality("o", "Parens R Us (for all your parenthetical needs)")
            ),
            (#"(bin=\00\00\00\04)"#, .equality("bin", Octets([0, 0, 0, 4]))),
            ("(cn=**)", .present("cn")),
            ("(cn=a**b)", .substrings("cn", initial: "a", any: [], final: "b")),
            ("(o=univ*of*mich*)", .substrings("o", initial: "univ", any: ["of", "mich"], final: nil)),
            ("(a=b=c)", .equality("a", "b=c")),
            ("(a=>b)", .equality("a", ">b")),
            ("(a:=:b)", .extensible(attribute: "a", rule: nil, dnAttributes: false, value: ":b")),
            ("(2.5.4.3;lang-de=x)", .equality("2.5.4.3;lang-de", "x")),
            (
                "(userAccountControl:1.2.840.113556.1.4.803:=2)",
                .extensible(
                    attribute: "userAccountControl",
                    rule: "1.2.840.113556.1.4.803",
                    dnAttributes: false,
                    value: "2"
                )
            ),
            ("(cn:DN:=x)", .extensible(attribute: "cn", rule: nil, dnAttributes: true, value: "x")),
            ("(cn:dn:dn:=x)", .extensible(attribute: "cn", rule: "dn", dnAttributes: true, value: "x")),
        ] as [(String, Filter)]
    )
    func textReadsAs(_ text: String, _ filter: Filter) throws {
        #expect(try Filter(parsing: text) == filter)
        #expect(try Filter(parsing: filter.description) == filter)
    }

    @Test(arguments: [
        ("", 0), ("(", 1), ("()", 1), ("(a)", 2), ("(a=b", 4), ("(a=b))", 5), ("(a=b)(c=d)", 5), ("(=b)", 1),
        ("(&(a=b)", 7),
        ("(&a=b)", 2), ("(!a=b)", 2), ("(!(a=b)(c=d))", 7), ("(!)", 2), (#"(a=\)"#, 3), (#"(a=\4)"#, 3),
        (#"(a=\xx)"#, 3),
        (#"(a=\4"#, 3), ("(a=(b))", 3), ("(a>b)", 3), ("(a<b)", 3), ("(a~b)", 3), ("(a>=b*)", 5), ("(a<=*)", 4),
        ("(a~=*b)", 4),
        ("(a:=b*c)", 5), ("(:=b)", 2), ("(:dn:=b)", 5), ("(a:b)", 4), ("(a:b:c:=d)", 6), ("(a::=d)", 3), ("(é=b)", 1),
        ("(a;=b)", 3), ("(a;;b=c)", 3), ("(a=é\u{0})", 4), ("(a:b;c:=d)", 4), ("a=b)", 3), ("(|", 2), (" ", 1),
    ])
    func malformedTextIsRefusedWithItsPosition(_ text: String, _ position: Int) {
        let error = #expect(throws: FilterError.self) { try Filter(parsing: text) }
        #expect(error?.position == position, "\(text): \(error.debugDescription)")
    }

    @Test func depthIsLimited() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "(!", count: depth - 1) + "(a=b)" + String(repeating: ")", count: depth - 1)
        }
        let deepest = nested(Filter.maximumDepth)
        #expect(try Filter(parsing: deepest).description == deepest)
        #expect(throws: FilterError.self) { try Filter(parsing: nested(Filter.maximumDepth + 1)) }
        #expect(throws: FilterError.self) { try Filter(parsing: String(repeating: "(&", count: 100_000)) }
    }

    @Test func sizeIsLimited() {
        let text = "(a=" + String(repeating: "b", count: Filter.maximumOctets) + ")"
        #expect(throws: FilterError.self) { try Filter(parsing: text) }
    }

    @Test func parsingSurvivesAnyText() {
        var numbers = SeededNumbers(state: 42)
        let alphabet = Array("((()))&|!ab=*<>~:;\\2A. ".utf8) + [0, 0xC3, 0xA9]
        var accepted = 0
        for _ in 0..<50_000 {
            let text = Octets(numbers.octets(upTo: 20, from: alphabet)).lossyText
            for text in [text, "(a=\(text))", "(&(a=\(text))(!(b:\(text)=c)))"] {
                guard let filter = try? Filter(parsing: text) else { continue }
                accepted += 1
                #expect((try? Filter(parsing: filter.description)) == filter)
                _ = filter.matches { _ in ["a", Octets([0xFF]), ""] }
            }
        }
        #expect(accepted > 1000)
    }

    @Test func errorsHoldNothingOfTheText() {
        let error = #expect(throws: FilterError.self) { try Filter(parsing: #"(a=secret\zz)"#) }
        #expect(error?.description.contains("secret") == false)
    }
}
