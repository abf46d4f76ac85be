import Mapping
import SyncModel
import Testing

/// Every state of two sides and a base over small domains: the laws of lenses, and that merging comes to rest.
struct LensLawTests {
    /// The two sides of one pair and what they last agreed on.
    struct State: Sendable, CustomTestStringConvertible {
        var ad: Attributes
        var miniorange: Attributes
        var base: Attributes?

        subscript(side: Side) -> Attributes {
            get { side == .ad ? ad : miniorange }
            set { if side == .ad { ad = newValue } else { miniorange = newValue } }
        }

        var testDescription: String {
            "ad \(text(ad)), miniorange \(text(miniorange)), base \(base.map(text) ?? "none")"
        }

        private func text(_ attributes: Attributes) -> String {
            attributes.items.map { "\($0.name)=\($0.values.map(\.lossyText).joined(separator: "|"))" }.joined(
                separator: " "
            )
        }
    }

    static let names: Attributes = ["samaccountname": ["u"]]

    static func state(_ ad: Attributes, _ miniorange: Attributes, _ base: Attributes?) -> State {
        State(
            ad: ad.with("samaccountname", ["u"]),
            miniorange: miniorange.with("uid", ["u"]),
            base: base?.with("samaccountname", ["u"])
        )
    }

    static func subsets(_ values: [Octets]) -> [[Octets]] {
        values.reduce([[]]) { sets, value in sets + sets.map { $0 + [value] } }
    }

    // MARK: Domains

    static let mailRule = rule("mail", "mail")
    static let mailTargets: [Attributes] = ([[]] + ["a", "b", "c"].map { [$0] } as [[Octets]]).flatMap { primary in
        subsets(["a", "b", "c"]).filter { others in primary.allSatisfy { !others.contains($0) } }
            .map { ["mail": primary, "mail;others": $0] as Attributes }
    }
    static let mailStates: [State] = ([[]] + ["a", "b", "c"].map { [$0] } as [[Octets]]).flatMap { atAD in
        subsets(["a", "b", "c"]).flatMap { there in
            ([nil] + mailTargets).map { state(["mail": atAD], ["mail": there], $0) }
        }
    }

    static let setRule = rule("otherTelephone", "telephoneNumber")
    static let setStates: [State] = subsets(["1", "2", "3"]).flatMap { atAD in
        subsets(["1", "2", "3"]).flatMap { there in
            ([nil] + subsets(["1", "2", "3"]).map { ["othertelephone": $0] as Attributes })
                .map { state(["othertelephone": atAD], ["telephonenumber": there], $0) }
        }
    }

    static let stateRule = rule("userAccountControl", "pwdAccountLockedTime", .accountEnabled)
    static let enabledStates: [State] = (["512", "514", "66050"] as [Octets]).flatMap { atAD in
        ([[], ["000001010000Z"], ["20260101000000Z"]] as [[Octets]]).flatMap { there in
            ([nil, "TRUE", "FALSE"] as [Octets?]).map { base in
                state(
                    ["useraccountcontrol": [atAD]],
                    ["pwdaccountlockedtime": there],
                    base.map { ["useraccountcontrol": [$0]] }
                )
            }
        }
    }

    static let daysRule = rule("accountExpires", "shadowExpire", .accountExpiresDays)
    static let seconds: [[Octets]] = [[], ["1735689600"], ["1735689601"], ["1735776000"]]
    static let daysStates: [State] =
        ([
            "0", "9223372036854775807", "133801632000000000", "133801632005000000", "133801632010000000",
            "133802496000000000",
        ]
        as [Octets]).flatMap { atAD in
            ([[], ["-1"], ["20089"], ["20090"]] as [[Octets]]).flatMap { there in
                ([nil] + seconds.map { ["accountexpires": $0] as Attributes })
                    .map { state(["accountexpires": [atAD]], ["shadowexpire": there], $0) }
            }
        }

    static let fallbackRules = [rule("cn", "cn"), rule("sn", "sn", fallback: ["cn", "uid"])]
    static let fallbackBases: [Attributes] = (["A", "B"] as [Octets]).flatMap { cn in
        ([[], ["A"], ["S"]] as [[Octets]]).map { sn in
            ["cn": [cn], "sn": sn, "sn;fallback": sn.isEmpty ? [cn] : []] as Attributes
        }
    }
    static let fallbackStates: [State] = (["A", "B"] as [Octets]).flatMap { adName in
        ([[], ["A"], ["S"]] as [[Octets]]).flatMap { adSurname in
            (["A", "B"] as [Octets]).flatMap { name in
                (["A", "B", "S"] as [Octets]).flatMap { surname in
                    ([nil] + fallbackBases).map {
                        state(["cn": [adName], "sn": adSurname], ["cn": [name], "sn": [surname]], $0)
                    }
                }
            }
        }
    }

    struct Domain: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var rules: [AttributeSpecification]
        var states: [State]
        var counter: UInt8 = 0

        var mapping: ObjectMapping {
            get throws { try ObjectMapping(specification([rule("sAMAccountName", "uid")] + rules)) }
        }
    }

    static let domains = [
        Domain(testDescription: "one value at AD, several there", rules: [mailRule], states: mailStates),
        Domain(testDescription: "several values on both sides", rules: [setRule], states: setStates),
        Domain(testDescription: "enabled", rules: [stateRule], states: enabledStates),
        Domain(testDescription: "days", rules: [daysRule], states: daysStates),
        Domain(testDescription: "fallback", rules: fallbackRules, states: fallbackStates),
        Domain(testDescription: "fallback and counter", rules: fallbackRules, states: fallbackStates, counter: 2),
    ]

    // MARK: Laws

    /// get-put: what was just read calls for no write.
    @Test(arguments: domains)
    func whatASideSaysIsNotWrittenToIt(_ domain: Domain) throws {
        let mapping = try domain.mapping
        for state in domain.states {
            for side in Side.allCases {
                let lifted = try mapping.lift(side, state[side], base: state.base, counter: domain.counter)
                // A stand-in that its source has left behind is the one thing that is put right.
                let standIn = lifted["sn;fallback"]
                guard standIn.isEmpty || standIn == lifted["cn"] else { continue }
                let projection = try mapping.change(side, to: lifted, current: state[side], counter: domain.counter)
                #expect(projection.isEmpty, "\(side.name): \(state.testDescription)")
            }
        }
    }

    /// put-get: what was written reads back as it was meant, in its own context, whatever stood there before.
    @Test(arguments: domains)
    func whatIsWrittenReadsBackAsItWasMeant(_ domain: Domain) throws {
        let mapping = try domain.mapping
        for state in domain.states {
            guard let target = state.base else { continue }
            for side in Side.allCases {
                let projection = try mapping.change(side, to: target, current: state[side], counter: domain.counter)
                let written = state[side].applying(projection)
                let read = try mapping.lift(side, written, base: target, counter: domain.counter)
                #expect(read == target, "\(side.name): \(state.testDescription)")
                let again = try mapping.change(side, to: target, current: written, counter: domain.counter)
                #expect(again.isEmpty, "\(side.name): \(state.testDescription)")
            }
        }
    }

    /// Both sides showing the base is agreement on it, with nothing to write.
    @Test(arguments: domains)
    func twoSidesThatShowTheBaseAgreeOnIt(_ domain: Domain) throws {
        let mapping = try domain.mapping
        for state in domain.states {
            guard let base = state.base else { continue }
            var shown = state
            for side in Side.allCases {
                shown[side] = state[side].applying(
                    try mapping.change(side, to: base, current: state[side], counter: domain.counter)
                )
            }
            let lifted = try mapping.lift(
                ad: shown.ad,
                miniorange: shown.miniorange,
                base: base,
                counter: domain.counter
            )
            #expect(lifted.ad?.values == base, "\(shown.testDescription)")
            #expect(lifted.miniorange?.values == base, "\(shown.testDescription)")
        }
    }

    /// Merging any state comes to rest after a few rounds, and then both sides say the same.
    @Test(arguments: domains)
    func mergingComesToRest(_ domain: Domain) throws {
        let mapping = try domain.mapping
        for state in domain.states {
            var merged = state
            let rounds = try settle(&merged, mapping, domain.counter)
            #expect(rounds <= 3, "\(state.testDescription)")
            let lifted = try mapping.lift(
                ad: merged.ad,
                miniorange: merged.miniorange,
                base: merged.base,
                counter: domain.counter
            )
            #expect(lifted.ad == lifted.miniorange, "\(state.testDescription)")
            #expect(lifted.ad?.values == merged.base, "\(state.testDescription)")
        }
    }

    @Test func furtherValuesAloneNeverMoveAD() throws {
        let mapping = try mapping(Self.mailRule)
        for state in Self.mailStates {
            guard let base = state.base, state.ad["mail"] == base["mail"], let primary = base["mail"].first,
                state.miniorange["mail"].contains(primary)
            else { continue }
            var merged = state
            _ = try settle(&merged, mapping, 0)
            #expect(merged.ad == state.ad, "\(state.testDescription)")
            #expect(merged.miniorange == state.miniorange, "\(state.testDescription)")
        }
    }

    @Test(arguments: [0, 2] as [UInt8])
    func aStandInNeverReachesADAndAlwaysFollows(_ counter: UInt8) throws {
        let mapping = try ObjectMapping(specification([rule("sAMAccountName", "uid")] + Self.fallbackRules))
        for state in Self.fallbackStates {
            var merged = state
            _ = try settle(&merged, mapping, counter)
            let surname = merged.ad["sn"]
            #expect(
                merged.miniorange["sn"] == (surname.isEmpty ? merged.miniorange["cn"] : surname),
                "\(state.testDescription)"
            )
            guard let base = state.base, base["sn"].isEmpty, state.ad["sn"].isEmpty,
                state.miniorange["sn"] == base["sn;fallback"]
            else { continue }
            #expect(surname.isEmpty, "\(state.testDescription)")
        }
    }

    /// Merges and writes until nothing is left to write. Gives the number of rounds that wrote.
    private func settle(_ state: inout State, _ mapping: ObjectMapping, _ counter: UInt8) throws -> Int {
        for round in 0..<10 {
            let lifted = try mapping.lift(
                ad: state.ad,
                miniorange: state.miniorange,
                base: state.base,
                counter: counter
            )
            let ad = try #require(lifted.ad)
            let miniorange = try #require(lifted.miniorange)
            #expect(ad.unknown == [] && miniorange.unknown == [])
            var target = Attributes()
            for rule in mapping.mergeRules {
                target[rule.name] = merge(
                    rule,
                    state.base?[rule.name] ?? [],
                    ad.values[rule.name],
                    miniorange.values[rule.name]
                )
            }
            var didWrite = false
            for (side, values) in [(Side.ad, ad.values), (.miniorange, miniorange.values)] {
                let names = mapping.mergeRules.map(\.name).filter { values[$0] != target[$0] }
                let projection = try mapping.change(
                    side,
                    to: target,
                    current: state[side],
                    of: names,
                    counter: counter
                )
                state[side] = state[side].applying(projection)
                didWrite = didWrite || !projection.isEmpty
            }
            state.base = target
            if !didWrite { return round }
        }
        return 10
    }

    /// The plainest three-way merge of one attribute; in a conflict AD stands.
    private func merge(_ rule: MergeRule, _ base: [Octets], _ ad: [Octets], _ miniorange: [Octets]) -> [Octets] {
        if rule.direction == .toMiniOrange || miniorange == base { return ad }
        if rule.direction == .toAD || ad == base { return miniorange }
        guard rule.shape == .set else { return ad }
        let kept = base.filter { ad.contains($0) && miniorange.contains($0) }
        return Set(kept + (ad + miniorange).filter { !base.contains($0) }).sorted()
    }
}
