import LDAPClient
import SyncModel
import Testing

@testable import Gateway

/// Which side is asked what, in which order, and what the user is told: every way that two servers can answer.
@Suite struct PasswordChangeTests {
    typealias Step = PasswordChange.Step
    typealias Outcome = PasswordChange.Outcome

    struct Course: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var authority = Side.ad
        var sides: Set<Side> = [.ad, .miniorange]
        var hasFormer = true
        var isFormerAtAD = false
        /// What is asked and answered, in order.
        var answers: [(Step, DirectoryAnswer)]
        var outcome: Outcome
    }

    private static let policy = DirectoryAnswer.Refusal.policy("too short")

    static let courses: [Course] = [
        Course(
            testDescription: "both take it",
            answers: [(.look(.miniorange), .done), (.change(.ad), .done), (.set(.miniorange), .done)],
            outcome: .done
        ),
        Course(
            testDescription: "an administrator's reset needs no former password",
            hasFormer: false,
            answers: [(.look(.miniorange), .done), (.set(.ad), .done), (.set(.miniorange), .done)],
            outcome: .done
        ),
        Course(
            testDescription: "the LDAP side's policy is seen before anything is written",
            answers: [(.look(.miniorange), .refused(policy))],
            outcome: .refused(.miniorange, policy)
        ),
        Course(
            testDescription: "a disabled account gets no new password",
            hasFormer: false,
            answers: [(.look(.miniorange), .refused(.disabled))],
            outcome: .refused(.miniorange, .disabled)
        ),
        Course(
            testDescription: "AD says that the former password is wrong",
            answers: [(.look(.miniorange), .done), (.change(.ad), .wrongPassword)],
            outcome: .wrongPassword
        ),
        Course(
            testDescription: "AD refuses by policy",
            answers: [(.look(.miniorange), .done), (.change(.ad), .refused(policy))],
            outcome: .refused(.ad, policy)
        ),
        Course(
            testDescription: "AD can't be reached",
            answers: [(.look(.miniorange), .done), (.change(.ad), .unavailable("down"))],
            outcome: .unavailable(.ad, "down")
        ),
        Course(
            testDescription: "AD's answer is lost, and it was done",
            answers: [
                (.look(.miniorange), .done), (.change(.ad), .unknown("lost")), (.verify(.ad), .done),
                (.set(.miniorange), .done),
            ],
            outcome: .done
        ),
        Course(
            testDescription: "AD's answer is lost, and it was not done",
            answers: [
                (.look(.miniorange), .done), (.change(.ad), .unknown("lost")), (.verify(.ad), .wrongPassword),
            ],
            outcome: .unavailable(.ad, "the connection was lost")
        ),
        Course(
            testDescription: "AD's answer is lost, and so is AD",
            answers: [
                (.look(.miniorange), .done), (.change(.ad), .unknown("lost")), (.verify(.ad), .unavailable("down")),
            ],
            outcome: .unknown(.ad, "down")
        ),
        Course(
            testDescription: "the LDAP side can't be reached: pending",
            answers: [
                (.look(.miniorange), .unavailable("down")), (.change(.ad), .done),
                (.set(.miniorange), .unavailable("down")),
            ],
            outcome: .pending(.miniorange, "down")
        ),
        Course(
            testDescription: "the LDAP side's answer is lost: pending",
            answers: [
                (.look(.miniorange), .done), (.change(.ad), .done), (.set(.miniorange), .unknown("lost")),
            ],
            outcome: .pending(.miniorange, "lost")
        ),
        Course(
            testDescription: "the LDAP side refuses after all: AD gets the former one back",
            answers: [
                (.look(.miniorange), .done), (.change(.ad), .done), (.set(.miniorange), .refused(policy)),
                (.restore(.ad), .done),
            ],
            outcome: .refused(.miniorange, policy)
        ),
        Course(
            testDescription: "and where AD does not take it back that is said",
            answers: [
                (.look(.miniorange), .done), (.change(.ad), .done), (.set(.miniorange), .refused(policy)),
                (.restore(.ad), .refused(.notAllowed("no"))),
            ],
            outcome: .split(changed: .ad, refusing: .miniorange, policy)
        ),
        Course(
            testDescription: "a reset has no former one to give back",
            hasFormer: false,
            answers: [(.look(.miniorange), .done), (.set(.ad), .done), (.set(.miniorange), .refused(policy))],
            outcome: .split(changed: .ad, refusing: .miniorange, policy)
        ),
        Course(
            testDescription: "the LDAP side is the authority: it says whether the former password is right",
            authority: .miniorange,
            answers: [
                (.look(.miniorange), .done), (.prove(.miniorange), .done), (.set(.ad), .done),
                (.set(.miniorange), .done),
            ],
            outcome: .done
        ),
        Course(
            testDescription: "and AD is not asked where it is wrong",
            authority: .miniorange,
            answers: [(.look(.miniorange), .done), (.prove(.miniorange), .wrongPassword)],
            outcome: .wrongPassword
        ),
        Course(
            testDescription: "an authority that can't be reached ends it",
            authority: .miniorange,
            answers: [(.look(.miniorange), .unavailable("down"))],
            outcome: .unavailable(.miniorange, "down")
        ),
        Course(
            testDescription: "AD is held to its whole policy where it is known to have the former one",
            authority: .miniorange,
            isFormerAtAD: true,
            answers: [
                (.look(.miniorange), .done), (.prove(.miniorange), .done), (.change(.ad), .wrongPassword),
                (.set(.ad), .done), (.set(.miniorange), .done),
            ],
            outcome: .done
        ),
        Course(
            testDescription: "somebody at AD alone",
            sides: [.ad],
            answers: [(.change(.ad), .done)],
            outcome: .done
        ),
        Course(
            testDescription: "somebody at the LDAP side alone",
            sides: [.miniorange],
            answers: [(.look(.miniorange), .done), (.prove(.miniorange), .done), (.set(.miniorange), .done)],
            outcome: .done
        ),
    ]

    @Test("A change takes its course", arguments: courses)
    func takesItsCourse(_ course: Course) {
        var change = PasswordChange(
            authority: course.authority,
            sides: course.sides,
            hasFormer: course.hasFormer,
            isFormerAtAD: course.isFormerAtAD
        )
        var step = change.begin()
        for (asked, answer) in course.answers {
            #expect(step == asked)
            step = change.answered(answer)
        }
        #expect(step == .end(course.outcome))
    }

    @Test func whateverIsAnsweredItEndsAndNothingIsWrittenTwice() {
        let answers: [DirectoryAnswer] = [
            .done, .wrongPassword, .demand(.mustChangePassword), .refused(Self.policy), .unavailable("u"),
            .unknown("k"),
        ]
        var ways = 0
        for authority in Side.allCases {
            for hasFormer in [false, true] {
                for isFormerAtAD in [false, true] {
                    let change = PasswordChange(
                        authority: authority,
                        sides: [.ad, .miniorange],
                        hasFormer: hasFormer,
                        isFormerAtAD: isFormerAtAD
                    )
                    walk(change, answers, &ways)
                }
            }
        }
        #expect(ways > 200)
    }

    private func walk(_ start: PasswordChange, _ answers: [DirectoryAnswer], _ ways: inout Int) {
        var first = start
        let step = first.begin()
        var stack = [(first, step, [Side](), [Step]())]
        while let (change, step, written, path) = stack.popLast() {
            if case .end(let outcome) = step {
                ways += 1
                // Where the user hears of success both have it; where of a refusal, none, or AD was given the former one again.
                if outcome == .done { #expect(Set(written) == [.ad, .miniorange], "\(path)") }
                if case .refused = outcome {
                    #expect(written.isEmpty || path.last == .restore(.ad), "\(path)")
                }
                if case .wrongPassword = outcome { #expect(written.isEmpty, "\(path)") }
                if case .unavailable = outcome { #expect(written.isEmpty, "\(path)") }
                continue
            }
            #expect(path.count < 8, "\(path)")
            guard path.count < 8 else { continue }
            for answer in answers {
                var next = change
                var written = written
                switch step {
                case .set(let side), .change(let side), .verify(let side):
                    // A demand comes with the right password.
                    if answer == .done { written.append(side) }
                    if case .demand = answer { written.append(side) }
                default: break
                }
                let following = next.answered(answer)
                stack.append((next, following, written, path + [step]))
            }
        }
    }

    @Test(
        "Who may set whose password",
        arguments: [
            (0, 0, true, false, PasswordAuthorization.change),
            (nil, 0, true, false, .change),
            (1, 0, false, false, .reset),
            (1, 0, true, false, .change),
            (1, 2, false, true, .reset),
        ] as [(Int?, Int, Bool, Bool, PasswordAuthorization)]
    )
    func allowed(requester: Int?, target: Int, hasFormer: Bool, resets: Bool, expected: PasswordAuthorization) {
        let accounts = Self.accounts
        #expect(
            PasswordAuthorization(
                requester: requester.map { accounts[$0] },
                target: accounts[target],
                hasFormer: hasFormer,
                resetsProtected: resets
            ) == expected
        )
    }

    @Test(
        "Who may not",
        arguments: [(0, 0, false), (nil, 0, false), (0, 1, false), (0, 1, true), (1, 2, false)]
            as [(Int?, Int, Bool)]
    )
    func forbidden(requester: Int?, target: Int, hasFormer: Bool) {
        let accounts = Self.accounts
        let authorization = PasswordAuthorization(
            requester: requester.map { accounts[$0] },
            target: accounts[target],
            hasFormer: hasFormer,
            resetsProtected: false
        )
        guard case .refused(.insufficientAccessRights, _) = authorization else {
            Issue.record("\(authorization)")
            return
        }
    }

    /// Somebody, an administrator, and a protected one.
    private static let accounts = [
        Account(key: .pair(PairID(1)), names: PerSide(both: nil)),
        Account(key: .pair(PairID(2)), names: PerSide(both: nil), mayReset: true),
        Account(key: .pair(PairID(3)), names: PerSide(both: nil), isProtected: true),
    ]
}
