import Configuration
import Testing

@Suite struct AdminAccessTests {
    private func access(_ admin: String) throws -> AdminAccess {
        try Workspace().load(try Workspace.edited("direction: both", "admin: {\(admin)}\ndirection: both")).adminAccess
    }

    @Test func leftOutNobodyElseMayUseTheSocket() throws {
        #expect(try Workspace().load(Workspace.sound).adminAccess == AdminAccess())
        #expect(try access("socket: /x") == AdminAccess())
    }

    @Test func aGroupAndRolesAreRead() throws {
        let roles = AdminAccess.Roles(look: ["helpdesk", "it"], operate: ["ops"])
        let read = try access("group: admins, roles: {look: [helpdesk, it], operate: [ops]}")
        #expect(read == AdminAccess(group: "admins", roles: roles))
    }

    @Test(arguments: [
        ("group: a b", "12:16", "`admin.group` must be the name of a group"),
        ("roles: {look: helpdesk}", "12:23", "`admin.roles.look` must be a list"),
        ("roles: {approve: [\"x:y\"]}", "12:27", "`admin.roles.approve` must be the name of a group"),
        ("roles: {admin: [x]}", "12:17", "unknown key `admin` in `admin.roles`"),
        ("roles: [x]", "12:16", "`admin.roles` must be a section"),
    ])
    func aMistakeIsReportedInItsPlace(admin: String, place: String, message: String) throws {
        let text = try Workspace.edited("direction: both", "admin: {\(admin)}\ndirection: both")
        let errors = try Workspace().errors(text)
        #expect(errors.map { $0.position?.description } == [place])
        #expect(errors.first?.message.hasPrefix(message) == true, "\(errors)")
    }

    /// Whoever steers the service need not be able to read its passwords.
    @Test func theSocketIsFoundWithoutThePasswords() throws {
        let workspace = try Workspace()
        let text =
            Workspace.sound.replacing("ad.password", with: "nowhere")
            + "admin: {socket: here.sock}\ncache: {path: there}\n"
        let file = try workspace.write("syncline.yaml", text)
        #expect(try Configuration.adminSocket(path: file) == "\(workspace.path)/here.sock")
        #expect(try Configuration.cachePath(path: file) == "\(workspace.path)/there")
        #expect(
            try Configuration.adminSocket(path: workspace.write("other.yaml", Workspace.sound))
                == "/run/syncline/admin.sock"
        )
        #expect(throws: ConfigurationErrors.self) { try Configuration.adminSocket(path: "/nowhere.yaml") }
        #expect(throws: ConfigurationErrors.self) {
            try Configuration.adminSocket(path: workspace.write("bad.yaml", "admin: {sokcet: x}"))
        }
    }
}
